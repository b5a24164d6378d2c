// Reads the leaves of connections. What is in a certificate never changes: its facts are read once for the same bytes, and
// judged anew each time.
import type { TLSSocket } from 'node:tls';
import { createBounded } from '../core/bounded.js';
import { readCertificate, type Certificate } from '../core/leaf/certificate.js';
import { fingerprintOf, type Fingerprint } from '../core/ids.js';

/** About 4 KiB each. */
const MAX_KNOWN = 1024;

/** Reads the peer's leaf; null where it showed none, or none that can be read. */
export function createLeafReader(): (socket: TLSSocket) => Certificate | null {
  const known = createBounded<Fingerprint, Certificate>(MAX_KNOWN);
  return (socket) => {
    const der = socket.getPeerX509Certificate()?.raw;
    if (der === undefined) return null;
    const fingerprint = fingerprintOf(der);
    const certificate = known.get(fingerprint) ?? readCertificate(der);
    if (certificate !== null) known.set(fingerprint, certificate);
    return certificate;
  };
}
