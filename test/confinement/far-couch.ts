// A database at the other end of the cable, in its network namespace: says where it is and as whom it may be asked, as
// a line of JSON, and ends with its stdin.
import { startEmbedded } from '../kit/upstreams.js';
import { LIBRARY_DOCUMENTS } from './documents.js';

const upstream = await startEmbedded();
const login = await upstream.createUser('own');
const database = await upstream.createDatabase('dmedia-0', { members: [login] });
await upstream.ask('POST', `/${database}/_bulk_docs`, { docs: LIBRARY_DOCUMENTS });
process.stdout.write(`${JSON.stringify({ url: upstream.url, login, database })}\n`);
process.stdin.resume().once('end', () => void upstream.close());
