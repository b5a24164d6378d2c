// Signs what another device asked for, once a person at this one has allowed it.
import { X509Certificate } from 'node:crypto';
import { readUserCa } from '../../core/pairing/launcher/grant.js';
import type { Wish } from '../../core/requests.js';
import { Failure } from '../cli/failure.js';
import { signDevice, signShare, type SignContext } from './sign.js';

export async function allowRequest(context: SignContext, wish: Wish): Promise<void> {
  if (wish.type === 'rename-request') {
    const known = context.directory.local().record.devices.get(wish.deviceId);
    if (known === undefined) throw new Failure('data', 'no-such-device', 'nothing is known of that device');
    const { deviceId, leaf } = known.payload;
    await signDevice(context, { deviceId, leaf, name: wish.name });
    return;
  }
  const { peerUserId, ca, databases } = wish;
  // What the device that asks has looked at counts for nothing here.
  if (
    readUserCa(new X509Certificate(ca).raw, context.now)?.userId !== peerUserId ||
    peerUserId === context.ca.userId
  )
    throw new Failure('data', 'ca', 'that is no CA of another user that holds now');
  await signShare(context, { peerUserId, ca, databases });
}
