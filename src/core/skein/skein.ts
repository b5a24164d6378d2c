// Skein-512 with 240 bits of output, a key and a personalization (Skein 1.3), in WebAssembly: 64-bit words are slow in
// JavaScript. What is hashed, and why, is hashing.ts's to know.
import { instantiate, type SkeinWasm } from './instance.js';

/** 240 bits. */
export const DIGEST_BYTES = 30;

/** Writes bytes of a message, from `position` of them on, into all of `into`. */
export type ReadMessage = (into: Uint8Array, position: number) => void;

/** Hashes one message at a time. */
export interface Skein {
  /** Begins a message; what was not finished is forgotten. An empty key or personalization is none. */
  start(key: Uint8Array, personalization: Uint8Array): void;
  /** More of the message, in pieces of any length. */
  update(bytes: Uint8Array): void;
  /** As `update`, but the bytes are read to where they are hashed, piece by piece. Throws what `read` throws. */
  updateFrom(length: number, read: ReadMessage): void;
  /** The digest, 30 bytes of the caller's own. The next message needs `start`. */
  finish(): Uint8Array;
}

/** Two Skeins in one memory. */
export interface SkeinPair {
  readonly skeins: readonly [Skein, Skein];
  /**
   * `updateFrom` of both, with `length` bytes of each of their messages, sooner than one after the other. Throws
   * `RangeError` where one message had more bytes than the other before.
   */
  updateBothFrom(length: number, reads: readonly [ReadMessage, ReadMessage]): void;
}

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

/** Where one message is hashed: its bytes are collected in `region`, which is `filled` so far. */
interface Lane {
  readonly address: number;
  readonly region: Uint8Array;
  filled: number;
}

function laneAt({ memory, MESSAGE: start, MESSAGE_BYTES: length }: SkeinWasm, address: number): Lane {
  return { address, region: new Uint8Array(memory.buffer, address + start.value, length.value), filled: 0 };
}

type Feed = readonly [lane: Lane, read: ReadMessage];

/** `length` more bytes into lanes that are filled equally far; `absorb` hashes what is in them when they are full. */
function collect(feeds: readonly [Feed, ...Feed[]], length: number, absorb: (bytes: number) => void): void {
  const [{ region }] = feeds[0];
  let [{ filled }] = feeds[0];
  for (let taken = 0; taken < length;) {
    // Only now, because the last block of a message is not for `absorb`, and the region may have held it.
    if (filled === region.length) {
      absorb(filled);
      filled = 0;
    }
    const piece = Math.min(length - taken, region.length - filled);
    for (const [lane, read] of feeds) {
      read(lane.region.subarray(filled, filled + piece), taken);
      lane.filled = filled + piece;
    }
    filled += piece;
    taken += piece;
  }
}

function skeinIn(wasm: SkeinWasm, lane: Lane): Skein {
  const { address } = lane;
  const updateFrom = (length: number, read: ReadMessage): void =>
    collect([[lane, read]], length, (bytes) => wasm.absorb(address, bytes));
  const update = (bytes: Uint8Array): void =>
    updateFrom(bytes.length, (into, position) => into.set(bytes.subarray(position, position + into.length)));
  const end = (): void => {
    wasm.end(address, lane.filled);
    lane.filled = 0;
  };
  const chain = (type: number, bytes: Uint8Array): void => {
    wasm.begin(address, type);
    update(bytes);
    end();
  };

  return {
    start(key, personalization) {
      lane.filled = 0;
      wasm.reset(address);
      if (key.length > 0) chain(KEY, key);
      chain(CONFIGURATION, CONFIGURATION_BYTES);
      if (personalization.length > 0) chain(PERSONALIZATION, personalization);
      wasm.begin(address, MESSAGE);
    },
    update,
    updateFrom,
    finish() {
      end();
      chain(OUTPUT, COUNTER_BYTES);
      return new Uint8Array(wasm.memory.buffer, address + wasm.DIGEST.value, DIGEST_BYTES).slice();
    },
  };
}

/** Two Skeins in 257 KiB. Compiled at the first call in a thread: some milliseconds. */
export function createSkeinPair(): SkeinPair {
  const wasm = instantiate();
  const [one, other] = [laneAt(wasm, wasm.ONE.value), laneAt(wasm, wasm.OTHER.value)];
  return {
    skeins: [skeinIn(wasm, one), skeinIn(wasm, other)],
    updateBothFrom(length, [readOne, readOther]) {
      if (one.filled !== other.filled) throw new RangeError('one message has more bytes than the other');
      const feeds = [
        [one, readOne],
        [other, readOther],
      ] as const;
      collect(feeds, length, (bytes) => wasm.absorbBoth(bytes));
    },
  };
}

/** One Skein. */
export const createSkein = (): Skein => createSkeinPair().skeins[0];
