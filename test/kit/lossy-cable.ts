// A cable that loses a share of the frames that go over it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ip, type OtherEnd } from './netns.js';

const CABLE = fileURLToPath(new URL('../../test/kit/lossy-cable.pl', import.meta.url));

export interface LossyCable {
  /** Unplugs it for good; resolves with what it lost, of what went over it. */
  unplug(): Promise<{ readonly lost: number; readonly all: number }>;
}

/** A cable from `near`, here, to `far`, at the other end; `share` of the frames is lost in each direction. */
export async function plugLossyCable(
  near: string,
  far: string,
  other: OtherEnd,
  share: number,
): Promise<LossyCable> {
  const child = spawn('perl', [CABLE, near, far, String(share)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
  if (String(first) !== 'up\n') throw new Error('there is no cable: it needs perl and /dev/net/tun');
  ip(`link set ${far} netns ${other.pid}`);
  ip(`link set ${near} up`);
  other.ip(`link set ${far} up`);
  const said = text(child.stdout);
  return {
    async unplug() {
      child.stdin.end();
      const [lost = 0, all = 0] = (await said).split(' ').map(Number);
      return { lost, all };
    },
  };
}
