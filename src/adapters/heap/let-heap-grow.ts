// How far V8 lets the heap grow before it collects all of it.
import { setFlagsFromString } from 'node:v8';

/** V8's own most: four times what was alive. */
const GROWTH_PERCENT = 300;

/**
 * Each piece that a socket receives is memory of its own, and counts on the heap: with the growth that V8 chooses for a
 * small heap it would collect the whole of it every 10 MB. So those pieces go by collections of what is young alone.
 */
export const letHeapGrow = (): void => setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
