// Waits for a state that tells itself by no event. The deadline is the test runner's.

/** Resolves with the first value of `look` that is not null, looking again as soon as others had their turn. */
export async function eventually<Value>(look: () => Value | null | Promise<Value | null>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
