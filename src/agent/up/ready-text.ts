// The few lines that `up` begins with: who this is, where it listens, what it serves, and what to do next.
import { formatBytes } from '../cli/format.js';
import type { Style } from '../cli/style.js';
import { NO_ADMIN } from '../config/admin.js';
import type { SeenListener } from '../gateway-events.js';
import type { UpReady } from './describe.js';

/** Of the first policy. One that is missing besides is a share's, or of a role that a person made. */
const OWN_CREDENTIAL = 'own';
const LABEL_CHARACTERS = 11;
const ID_CHARACTERS = 8;

export function formatReady(ready: UpReady, style: Style): string {
  const rows = [
    ['This is', deviceText(ready)],
    ['Listens', listenText(ready)],
    ['CouchDB', couchdbText(ready)],
    ['Serves', servesText(ready)],
    ...ready.stores.map((store) => ['Files', storeText(store)]),
    ['Lets in', letsInText(ready)],
    ...nextSteps(ready).map((step, index) => [index === 0 ? 'Next' : '', step]),
  ];
  const lines = rows.map(
    ([label = '', text = '']) => `  ${style.bold(label.padEnd(LABEL_CHARACTERS))}${indent(text)}`,
  );
  return [`${style.bold('patchcord')} ${ready.version} is up.`, '', ...lines, ''].join('\n');
}

const indent = (text: string): string => text.replaceAll('\n', `\n${' '.repeat(2 + LABEL_CHARACTERS)}`);
const short = (id: string): string => id.slice(0, ID_CHARACTERS);

function deviceText({ identity, home }: UpReady): string {
  const about = `${JSON.stringify(identity.name)} ${short(identity.deviceId)}, a device of user ${short(identity.userId)}`;
  return identity.isNew ? `${about}\nboth made now; the keys are in ${home}/identity: back them up` : about;
}

export const formatListener = ({ address, zone, port }: SeenListener): string =>
  zone === null ? `[${address}] port ${port}` : `${zone}, ${address} port ${port}`;

function listenText(ready: UpReady): string {
  const { listeners, missingLinks, links } = ready;
  const where = listeners.length > 0 ? listeners.map(formatListener) : nowhereLines(ready);
  if (missingLinks.length === 0) return where.join('\n');
  const missing = `No link here is called ${missingLinks.join(' or ')}. The links here: ${links.join(', ') || 'none'}.`;
  return [...where, missing].join('\n');
}

function nowhereLines({ listenOn, virtualLinks }: UpReady): string[] {
  const where = typeof listenOn === 'string' ? 'no link is up' : `${listenOn.join(', ')} not up`;
  const nowhere = `nowhere yet: ${where}. Plug in a cable, and it begins by itself.`;
  const [virtual] = virtualLinks;
  return virtual === undefined
    ? [nowhere]
    : [nowhere, `${virtualLinks.join(', ')} is virtual: name it with --listen ${virtual} if it is meant.`];
}

function couchdbText({ couchdb }: UpReady): string {
  if (couchdb.kind === 'embedded')
    return `embedded at ${couchdb.url}, for trying things; your data is better off in Apache CouchDB`;
  const { missingCredentials, url, hasAdmin } = couchdb;
  if (missingCredentials.length === 0)
    return hasAdmin ? url : `${url}; ${NO_ADMIN.text}.\n${sentence(NO_ADMIN.todo)}`;
  if (!missingCredentials.includes(OWN_CREDENTIAL))
    return `${url}, but without limited credentials for ${missingCredentials.length} of the roles:\nwhat those reach is not served. Run \`patchcord provision\`, which makes them.`;
  return `${couchdb.url}, but there are no limited credentials (${couchdb.missingCredentials.join(', ')}) for it yet:\nno database is served. Run \`patchcord provision\`, which makes them.`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function servesText({ couchdb }: UpReady): string {
  const { databases, missingCredentials } = couchdb;
  if (missingCredentials.includes(OWN_CREDENTIAL)) return 'files';
  if (databases === null) return 'files, and the databases that the policy names';
  return databases.length === 0 ? 'files; there is no database yet' : `files, and ${databases.join(', ')}`;
}

const storeText = ({ path, present, freeBytes }: UpReady['stores'][number]): string => {
  if (!present) return `${path}: not there now`;
  return freeBytes === null ? path : `${path}, ${formatBytes(freeBytes)} free`;
};

function letsInText({ identity, principals }: UpReady): string {
  if (principals.length === 0) return 'no one: the policy is empty';
  return principals
    .map(({ issuer, cert, device, role }) => {
      const whose =
        issuer === 'user'
          ? `devices of user ${short(identity.userId)}`
          : `devices of ${issuer ?? cert ?? ''}`;
      const who =
        cert !== null ? `the certificate ${cert}` : device === null ? whose : `${short(device)} of ${whose}`;
      return `${who}, as ${role}`;
    })
    .join('\n');
}

function nextSteps({ listeners, listenOn }: UpReady): string[] {
  const tryAlone =
    listeners.length === 0 && listenOn !== 'loopback'
      ? ['patchcord up --listen loopback    to try it on this machine alone']
      : [];
  return [
    ...tryAlone,
    'patchcord files import PATH       puts a file in',
    'patchcord status                  tells how it is',
    'Ctrl-C                            stops everything',
  ];
}
