// The peers that local programs speak with: for each a pool of judged connections, and what is counted.
import type { SecureContext } from 'node:tls';
import {
  ConnectionBroken,
  createPeerConnection,
  type PeerConnection,
} from '../../adapters/peer/connection.js';
import { createDialContext, dial, DialFailed, type Denied } from '../../adapters/peer/dial.js';
import type { ConnectEvents } from '../../adapters/peer/dialler.js';
import { createPool, type Pool } from '../../adapters/peer/pool.js';
import { readZones } from '../../adapters/peer/zones.js';
import type { GatewayEvent, PrincipalName } from '../../core/control/protocol.js';
import type { AddressBook, AddressOutcome } from '../../core/discovery/addresses.js';
import { instanceNameOf } from '../../core/discovery/instance-name.js';
import type { Env, Service } from '../../core/env/env.js';
import { Refusal } from '../../core/errors.js';
import type { DeviceId } from '../../core/ids.js';
import type { Certificate } from '../../core/leaf/certificate.js';
import { isRevokedDevice } from '../../core/leaf/revoked-device.js';
import { DENIALS, judgeDialled, type Verdict } from '../../core/leaf/judge.js';
import type { Limits } from '../../core/limits.js';
import type { DialAddress } from '../../core/peers/dial-address.js';
import { DEFAULT_RECONNECT, type ReconnectPolicy } from '../../core/peers/reconnect.js';
import { countTurns, isTurnedAway, type DialEnd } from '../../core/peers/turned-away.js';
import type { Deny } from '../denied-events.js';
import { nameOf } from '../in/connections.js';
import { knownDevices } from '../seen/known-devices.js';
import { createRevocations } from './revocations.js';
import { createSlots, type Slots } from './slots.js';

export interface PeersOptions {
  readonly env: () => Env;
  readonly service: () => Service;
  readonly book: AddressBook;
  readonly now: () => Date;
  readonly emit: (event: GatewayEvent) => void;
  readonly deny: Deny;
}

export interface Peer {
  readonly deviceId: DeviceId;
  readonly pool: Pool;
  readonly requests: Slots;
  readonly feeds: Slots;
  /** How often what went wrong, since the start. */
  readonly failures: ReadonlyMap<string, number>;
  /** Whether it is there, and seems to let this device in no more. */
  readonly turnsAway: () => boolean;
}

export interface Peers {
  /** The peer of this id; throws the `Refusal` for an id that this device has no reason to dial. */
  get(deviceId: DeviceId): Peer;
  list(): Iterable<Peer>;
  /** Judges whom it is connected to anew, by the env as it is now; and may dial again who was refused by other rules. */
  onReload(isJudgedAnew: boolean): void;
  /** It has come in here: what failed before may work now. */
  onCome(deviceId: DeviceId): void;
  /** The judgement of a leaf, whoever it should be of; null lets the connection be. */
  judge(leaf: Certificate | null, device: DeviceId | null): Denied | null;
  readonly context: SecureContext;
  close(): void;
}

const DOMAIN = 'patchcord.internal';
/** More than any household has. */
const MAX_PEERS = 1024;
const TICK_MS = 500;
/** Codes come from the TLS stack and the system, and are few. */
const MAX_FAILURE_CODES = 64;

export function createPeers(options: PeersOptions): Peers {
  const { env, service, book, now, emit, deny } = options;
  const limits = (): Limits => env().limits;
  const policy = (): ReconnectPolicy => env().peerStreams?.reconnect ?? DEFAULT_RECONNECT;
  const peers = new Map<DeviceId, Peer>();
  const revocations = createRevocations({ service, emit });
  let contextOf: { readonly certPem: string; readonly context: SecureContext } | null = null;

  function context(): SecureContext {
    const { identity } = service();
    if (contextOf?.certPem !== identity.certPem) {
      contextOf = { certPem: identity.certPem, context: createDialContext(identity) };
    }
    return contextOf.context;
  }

  function verdictOn(leaf: Certificate | null, device: DeviceId | null): Verdict {
    const { trust, policy: rules } = service();
    return judgeDialled(leaf, device, trust, rules, now());
  }
  function judge(leaf: Certificate | null, device: DeviceId | null): Denied | null {
    const verdict = verdictOn(leaf, device);
    return 'denied' in verdict ? { code: verdict.denied, deviceId: verdict.deviceId } : null;
  }

  const hintsFor = (deviceId: DeviceId): readonly DialAddress[] =>
    env().peerStreams?.addresses.get(deviceId) ?? [];

  function noteOutcome(deviceId: DeviceId, address: DialAddress, outcome: AddressOutcome): void {
    const { zone } = address;
    if (zone !== null) book.noteOutcome(deviceId, { ...address, zone }, outcome);
  }

  function createPeer(deviceId: DeviceId): Peer {
    const failures = new Map<string, number>();
    let principal: PrincipalName | null = null;
    const count = (code: string): void => {
      if (failures.has(code) || failures.size < MAX_FAILURE_CODES)
        failures.set(code, (failures.get(code) ?? 0) + 1);
    };

    const addresses = (): DialAddress[] => [...book.addressesOf(deviceId), ...hintsFor(deviceId)];
    const turnsAwayAt = (address: DialAddress): boolean => isTurnedAway(pool.memory.of(address).turnsInARow);
    const turnsAway = (): boolean => pool.open.size === 0 && addresses().some(turnsAwayAt);

    function noteTurn(address: DialAddress, end: DialEnd): void {
      const didBefore = turnsAway();
      const record = pool.memory.of(address);
      record.turnsInARow = countTurns(record.turnsInARow, end);
      if (!didBefore && turnsAway()) emit({ event: 'peer-turns-away', deviceId });
    }

    function noteLetIn(): void {
      for (const record of pool.memory.all()) record.turnsInARow = 0;
    }

    function onFailed(address: DialAddress, error: unknown, wasRightLeaf: boolean): void {
      const isDial = error instanceof DialFailed;
      const code = isDial || error instanceof ConnectionBroken ? error.code : 'revocations';
      count(code);
      noteTurn(address, { wasRightLeaf, code });
      const denied = isDial ? error.denied : null;
      if (denied === null) {
        noteOutcome(deviceId, address, turnsAwayAt(address) ? 'turns-away' : 'unreachable');
        return;
      }
      noteOutcome(deviceId, address, 'wrong-leaf');
      deny(deniedEvent(deviceId, address, denied));
    }

    async function connect(address: DialAddress, events: ConnectEvents): Promise<PeerConnection> {
      let connection: PeerConnection | null = null;
      const serverName = `${instanceNameOf(deviceId, now())}.${DOMAIN}`;
      const timeoutMs = limits().peerDialMs;
      try {
        const judgePinned = (leaf: Certificate | null): Denied | null => judge(leaf, deviceId);
        const dialled = await dial({
          address,
          serverName,
          context: context(),
          timeoutMs,
          judge: judgePinned,
        });
        connection = createPeerConnection(dialled, address, serverName, events);
        pool.memory.noteRoundTrip(address, dialled.roundTripMs);
        noteOutcome(deviceId, address, 'right-leaf');
        await revocations.exchange(connection);
        // A reload may have come between.
        const verdict = verdictOn(connection.leaf, deviceId);
        if ('denied' in verdict)
          throw new DialFailed('wrong-leaf', { code: verdict.denied, deviceId: verdict.deviceId });
        principal = nameOf(verdict.admitted);
        noteOutcome(deviceId, address, 'connected');
        noteLetIn();
        return connection;
      } catch (error) {
        connection?.destroy();
        onFailed(address, error, connection !== null);
        throw error;
      }
    }

    const pool = createPool({
      addresses,
      policy,
      connect,
      onReached(address) {
        if (principal !== null) emit({ event: 'peer-reached', deviceId, principal, ...address });
      },
      onUnreached: () => emit({ event: 'peer-unreached', deviceId }),
      onAddressClosed: (address) => noteOutcome(deviceId, address, 'closed'),
      nowMs: () => performance.now(),
      random: () => Math.random(),
    });
    const slotLimits = (slots: number) => ({
      slots,
      queued: limits().peerQueued,
      queueMs: limits().peerQueueMs,
    });
    const requests = createSlots(() => slotLimits(limits().peerRequests));
    const feeds = createSlots(() => slotLimits(limits().peerFeeds));
    return { deviceId, pool, requests, feeds, failures, turnsAway };
  }

  /** Whether there is a reason to dial it: the policy or a hint names it, or it is on a link. */
  function isKnown(deviceId: DeviceId): boolean {
    if (deviceId === service().identity.deviceId || isRevokedDevice(deviceId, service())) return false;
    if (peers.has(deviceId) || knownDevices(env()).has(deviceId) || hintsFor(deviceId).length > 0)
      return true;
    return book.addressesOf(deviceId).length > 0;
  }

  const stopListening = book.onChange((deviceId) => peers.get(deviceId)?.pool.wake());
  const timer = setInterval(() => {
    if (peers.size === 0) return;
    const zones = readZones();
    for (const { pool, requests, feeds } of peers.values()) {
      pool.tick(zones, requests.inFlight + feeds.inFlight > 0);
      for (const connection of pool.open) if (connection.leaf.notAfter <= now()) connection.destroy();
    }
  }, TICK_MS);
  timer.unref();

  return {
    get(deviceId) {
      if (!isKnown(deviceId)) throw new Refusal('no-such-peer');
      const peer = peers.get(deviceId) ?? createPeer(deviceId);
      if (peers.size >= MAX_PEERS && !peers.has(deviceId)) throw new Refusal('busy');
      peers.set(deviceId, peer);
      return peer;
    },
    list: () => peers.values(),
    onReload(isJudgedAnew) {
      revocations.onReload();
      for (const [deviceId, { pool }] of peers) {
        pool.rejudge((leaf) => judge(leaf, deviceId) === null);
        if (isJudgedAnew) pool.forgetWrong();
        pool.wake();
        if (isRevokedDevice(deviceId, service())) {
          pool.close();
          peers.delete(deviceId);
        }
      }
    },
    onCome: (deviceId) => peers.get(deviceId)?.pool.wake(),
    judge,
    get context() {
      return context();
    },
    close() {
      stopListening();
      clearInterval(timer);
      for (const { pool } of peers.values()) pool.close();
    },
  };
}

const deniedEvent = (dialled: DeviceId, { address, zone }: DialAddress, { code, deviceId }: Denied) => ({
  rule: code,
  principal: null,
  reason: DENIALS[code],
  address: zone === null ? address : `${address}%${zone}`,
  dialled,
  ...(deviceId !== null && { deviceId }),
});
