// Reports each skipped or put-off test as one line of JSON, for scripts/test.js to hold against the list.
export default async function* skips(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const mark = data.skip ?? data.todo;
    if (mark === undefined || mark === false) continue;
    yield `${JSON.stringify({ test: data.name, reason: typeof mark === 'string' ? mark : '' })}\n`;
  }
}
