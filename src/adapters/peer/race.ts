// Dials several addresses of one peer: the likeliest first, each next one when the one before failed or has taken
// longer than a good link takes. A stranger in front who accepts and says nothing costs the head start, no more.
import type { DialAddress } from '../../core/peers/dial-address.js';

const HEAD_START_MS = 200;

/**
 * Dials until every address was tried. `dialOne` resolves whether it came about. Resolves true with the first that
 * did, and begins no more then; those that were begun go on, and are spare connections. False when none did.
 */
export function raceDials(
  addresses: readonly DialAddress[],
  dialOne: (address: DialAddress) => Promise<boolean>,
): Promise<boolean> {
  return new Promise((resolve) => {
    let next = 0;
    let pending = 0;
    let isWon = false;
    let headStart: NodeJS.Timeout | undefined;

    function begin(): void {
      clearTimeout(headStart);
      const address = addresses[next];
      if (isWon || address === undefined) {
        if (pending === 0) resolve(isWon);
        return;
      }
      next += 1;
      pending += 1;
      headStart = setTimeout(begin, HEAD_START_MS);
      void dialOne(address).then((came) => {
        pending -= 1;
        isWon ||= came;
        if (isWon) resolve(true);
        begin();
      });
    }
    begin();
  });
}
