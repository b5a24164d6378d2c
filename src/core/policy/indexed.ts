// Indexes over the tables of a policy, which never change: what grows with a table is not on the path of a request.

/** `make`, which is called once for each table. */
export function indexed<Table extends object, Index>(make: (table: Table) => Index): (table: Table) => Index {
  const made = new WeakMap<Table, Index>();
  return (table) => {
    const index = made.get(table) ?? make(table);
    made.set(table, index);
    return index;
  };
}
