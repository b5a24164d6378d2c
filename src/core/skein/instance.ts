// The WebAssembly that assembly/skein.ts is compiled to, with a memory of its own for each instance. What is done with it
// is skein.ts's.
import { SKEIN_WASM_BASE64 } from './wasm.generated.js';

/** What the compiled assembly/skein.ts exports; `value`s are addresses and lengths in its memory. */
export interface SkeinWasm {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly ONE: { readonly value: number };
  readonly OTHER: { readonly value: number };
  readonly MESSAGE: { readonly value: number };
  readonly MESSAGE_BYTES: { readonly value: number };
  readonly DIGEST: { readonly value: number };
  reset(lane: number): void;
  begin(lane: number, type: number): void;
  absorb(lane: number, bytes: number): void;
  absorbBoth(bytes: number): void;
  end(lane: number, bytes: number): void;
}

// As much of the standard interface as is used: the library of TypeScript that has it is the browser's.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
};

let compiled: object | undefined;

/** Compiled at the first call in a thread: some milliseconds. */
export function instantiate(): SkeinWasm {
  compiled ??= new WebAssembly.Module(Buffer.from(SKEIN_WASM_BASE64, 'base64'));
  return new WebAssembly.Instance(compiled).exports as SkeinWasm;
}
