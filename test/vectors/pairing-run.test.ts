// One whole `join` with fixed randomness, message by message, as docs/protocol-pairing.md describes it: so that another
// client can be held against it. The certificates are fixed; their keys are kept nowhere.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { channelIdentifier } from '../../dist/core/pairing/channel.js';
import { parsePairingCode, type PairingCode } from '../../dist/core/pairing/code.js';
import { scalarOf } from '../../dist/core/pairing/cpace.js';
import type { ExchangeEvent } from '../../dist/core/pairing/exchange-words.js';
import { createExchange, type Exchange } from '../../dist/core/pairing/exchange.js';
import { createFrameReader } from '../../dist/core/pairing/frames.js';
import { createJoinJoiner } from '../../dist/core/pairing/launcher/join-joiner.js';
import { createJoinOfferer } from '../../dist/core/pairing/launcher/join-offerer.js';
import type { Launcher, LauncherEvent } from '../../dist/core/pairing/launcher/launcher.js';
import type { DeviceId, UserId } from '../../dist/core/ids.js';

interface PairingRun {
  readonly code: string;
  readonly time: string;
  readonly offererLeaf: string;
  readonly joinerLeaf: string;
  readonly exporter: string;
  readonly ci: string;
  readonly A: SideInput;
  readonly B: SideInput;
  /** Base64url of DER; `deviceId` is that of its key. */
  readonly csr: string;
  readonly deviceId: string;
  readonly ca: string;
  readonly userId: string;
  readonly leaf: string;
  readonly digits: string;
  /** From whom, and the JSON of the frame; and what a sealed one holds. */
  readonly frames: readonly { readonly from: 'A' | 'B'; readonly json: string; readonly plain?: string }[];
}

interface SideInput {
  readonly label: string;
  readonly nonce: string;
  readonly scalar: string;
  readonly launcherNonce: string;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));
const textOf = (data: Uint8Array): string => Buffer.from(data).toString();

/** Plays the run of these inputs. */
function play(run: Omit<PairingRun, 'frames' | 'digits' | 'ci'>) {
  const frames: { from: 'A' | 'B'; json: string; plain?: string }[] = [];
  const time = new Date(run.time);
  const ci = channelIdentifier({
    offererLeaf: bytes(run.offererLeaf),
    joinerLeaf: bytes(run.joinerLeaf),
    exporter: bytes(run.exporter),
  });
  const exchangeOf = (side: 'A' | 'B', userId: UserId | null): Exchange =>
    createExchange({
      side,
      kind: 'join',
      code: parsePairingCode(run.code) as PairingCode,
      label: run[side].label,
      userId,
      time,
      ci,
      nonce: bytes(run[side].nonce),
      scalar: scalarOf(bytes(run[side].scalar)),
      startedAt: 0,
      expiresAt: 300_000,
    });
  const exchanges = { A: exchangeOf('A', null), B: exchangeOf('B', run.userId as UserId) };
  const launchers = {
    A: createJoinJoiner({
      csr: bytes(run.csr),
      deviceId: run.deviceId as DeviceId,
      nonce: bytes(run.A.launcherNonce),
    }),
    B: createJoinOfferer({
      caDer: bytes(run.ca),
      nonce: bytes(run.B.launcherNonce),
      judgeCsr: () => run.deviceId as DeviceId,
    }),
  };
  const digits: string[] = [];
  const queue: (() => void)[] = [];

  function tell(side: 'A' | 'B', event: ExchangeEvent): void {
    const other = side === 'A' ? 'B' : 'A';
    for (const effect of exchanges[side].on(event, 0)) {
      if (effect.do === 'frame') {
        const [json] = createFrameReader().push(effect.frame) ?? [];
        assert.ok(json !== undefined);
        const plain = event.event === 'send' ? { plain: textOf(event.data) } : {};
        frames.push({ from: side, json: textOf(json), ...plain });
        queue.push(() => tell(other, { event: 'frame', json }));
      } else if (effect.do === 'proved')
        launch(side, launchers[side], { ...effect, event: 'proved', now: time });
      else if (effect.do === 'data') launch(side, launchers[side], { event: 'data', data: effect.data });
    }
  }
  function launch(side: 'A' | 'B', launcher: Launcher, event: LauncherEvent): void {
    for (const effect of launcher.on(event)) {
      if (effect.do === 'send') tell(side, { event: 'send', data: effect.data });
      else if (effect.do === 'ask') {
        digits.push(effect.digits);
        queue.push(() => launch(side, launcher, { event: 'answered', yes: true }));
      } else if (effect.do === 'sign')
        launch(side, launcher, { event: 'signed', issued: { leaf: run.leaf, statements: [] } });
      else if (effect.do === 'store') launch(side, launcher, { event: 'stored' });
      else if (effect.do === 'end') {
        assert.equal(effect.outcome, 'done');
        if (side === 'B') tell('B', { event: 'cancel' });
      }
    }
  }
  tell('B', { event: 'start' });
  tell('A', { event: 'start' });
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) next();
  const [first, second] = digits;
  assert.equal(first, second);
  return { ci: Buffer.from(ci).toString('base64url'), digits: first ?? '', frames };
}

test('the run is played to the letter', () => {
  const file = new URL('../../test/vectors/pairing-run.json', import.meta.url);
  const run = JSON.parse(readFileSync(file, 'utf8')) as PairingRun;
  const { ci, digits, frames } = play(run);
  assert.equal(ci, run.ci);
  assert.equal(digits, run.digits);
  assert.deepEqual(frames, run.frames);
  assert.equal(frames.filter(({ plain }) => plain !== undefined).length, 6);
});
