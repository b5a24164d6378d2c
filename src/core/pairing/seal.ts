// What passes after the proof: sealed with a key for each direction, each message under a number that is used once.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { SEAL_BYTES, type SealedType, type Side } from './wire.js';

const KEY_BYTES = 32;
/** 96 bits. */
const NUMBER_BYTES = 12;
const CIPHER = 'aes-256-gcm';

export interface Sealed {
  readonly number: number;
  readonly box: Uint8Array;
}

export interface Seals {
  seal(type: SealedType, plain: Uint8Array): Sealed;
  /** What the other side sealed; null for anything but its next message, whole and of this type. */
  open(type: SealedType, sealed: Sealed): Uint8Array | null;
}

export function createSeals(isk: Uint8Array, sid: Uint8Array, side: Side): Seals {
  const keyOf = (of: Side): Uint8Array =>
    new Uint8Array(hkdfSync('sha512', isk, sid, `patchcord-seal-${of}`, KEY_BYTES));
  const ownKey = keyOf(side);
  const otherKey = keyOf(side === 'A' ? 'B' : 'A');
  let sent = 0;
  let received = 0;

  const additional = (nonce: Uint8Array, type: SealedType): Uint8Array =>
    Buffer.concat([sid, nonce, Buffer.from(type)]);

  return {
    seal(type, plain) {
      const number = sent;
      sent += 1;
      const nonce = nonceOf(number);
      const cipher = createCipheriv(CIPHER, ownKey, nonce).setAAD(additional(nonce, type));
      return { number, box: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
    },
    open(type, { number, box }) {
      if (number !== received || box.length < SEAL_BYTES) return null;
      const nonce = nonceOf(number);
      const decipher = createDecipheriv(CIPHER, otherKey, nonce, { authTagLength: SEAL_BYTES })
        .setAAD(additional(nonce, type))
        .setAuthTag(box.subarray(box.length - SEAL_BYTES));
      try {
        const plain = decipher.update(box.subarray(0, box.length - SEAL_BYTES));
        decipher.final();
        received += 1;
        return new Uint8Array(plain);
      } catch {
        return null;
      }
    },
  };
}

/** The message's number as 96 bits, big-endian. */
function nonceOf(number: number): Uint8Array {
  const nonce = Buffer.alloc(NUMBER_BYTES);
  nonce.writeBigUInt64BE(BigInt(number), NUMBER_BYTES - 8);
  return nonce;
}
