// Skein-512 with 240 bits of output, a key and a personalization (Skein 1.3), in WebAssembly: 64-bit words are slow in
// JavaScript. What is hashed, and why, is hashing.ts's to know.
import { SKEIN_WASM_BASE64 } from './wasm.generated.js';

/** 240 bits. */
export const DIGEST_BYTES = 30;

/** One Skein with a memory of its own: it hashes one message at a time. */
export interface Skein {
  /** Begins a message; what was not finished is forgotten. An empty key or personalization is none. */
  start(key: Uint8Array, personalization: Uint8Array): void;
  /** More of the message, in pieces of any length. */
  update(bytes: Uint8Array): void;
  /** The digest, 30 bytes of the caller's own. The next message needs `start`. */
  finish(): Uint8Array;
}

/** What the compiled assembly/skein.ts exports; `value`s are addresses and lengths in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly MESSAGE: { readonly value: number };
  readonly MESSAGE_BYTES: { readonly value: number };
  readonly DIGEST: { readonly value: number };
  reset(): void;
  begin(type: number): void;
  absorb(bytes: number): void;
  end(bytes: number): void;
}

// As much of the standard interface as is used: the library of TypeScript that has it is the browser's.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
};

/** Types of UBI messages (section 3.5.1). */
const KEY = 0;
const CONFIGURATION = 4;
const PERSONALIZATION = 8;
const MESSAGE = 48;
const OUTPUT = 63;

/** The configuration string (section 3.5.2): "SHA3", version 1, the output's length in bits, no tree. */
const CONFIGURATION_BYTES = Uint8Array.of(
  0x53,
  0x48,
  0x41,
  0x33,
  1,
  0,
  0,
  0,
  8 * DIGEST_BYTES,
  ...Array<number>(23).fill(0),
);
/** The output block hashes a counter of 8 bytes; one block is enough here, so it is 0. */
const COUNTER_BYTES = new Uint8Array(8);

let compiled: object | undefined;

function instantiate(): Exports {
  compiled ??= new WebAssembly.Module(Buffer.from(SKEIN_WASM_BASE64, 'base64'));
  return new WebAssembly.Instance(compiled).exports as Exports;
}

/** A Skein of 128 KiB. Compiled at the first call in a thread: some milliseconds. */
export function createSkein(): Skein {
  const wasm = instantiate();
  const region = new Uint8Array(wasm.memory.buffer, wasm.MESSAGE.value, wasm.MESSAGE_BYTES.value);
  let filled = 0;

  const update = (bytes: Uint8Array): void => {
    for (let taken = 0; taken < bytes.length;) {
      // Only now, because the last block of a message is not for `absorb`, and the region may have held it.
      if (filled === region.length) {
        wasm.absorb(filled);
        filled = 0;
      }
      const piece = bytes.subarray(taken, taken + region.length - filled);
      region.set(piece, filled);
      filled += piece.length;
      taken += piece.length;
    }
  };
  const end = (): void => {
    wasm.end(filled);
    filled = 0;
  };
  const chain = (type: number, bytes: Uint8Array): void => {
    wasm.begin(type);
    update(bytes);
    end();
  };

  return {
    start(key, personalization) {
      filled = 0;
      wasm.reset();
      if (key.length > 0) chain(KEY, key);
      chain(CONFIGURATION, CONFIGURATION_BYTES);
      if (personalization.length > 0) chain(PERSONALIZATION, personalization);
      wasm.begin(MESSAGE);
    },
    update,
    finish() {
      end();
      chain(OUTPUT, COUNTER_BYTES);
      return new Uint8Array(wasm.memory.buffer, wasm.DIGEST.value, DIGEST_BYTES).slice();
    },
  };
}
