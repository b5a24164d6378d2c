// What `up` is given: where, with which settings, until when, and who is told.
import type { CouchLogin } from '../../adapters/couch-client/couch-client.js';
import type { Settings } from '../config/settings.js';
import type { Paths } from '../home/paths.js';
import type { UpReport } from './report.js';

export interface UpContext {
  readonly version: string;
  readonly paths: Paths;
  readonly settings: Settings;
  /** The administrator of CouchDB, from the environment. */
  readonly adminLogin: CouchLogin | null;
  /** Refuse to run a gateway that its profile does not confine. */
  readonly requireConfinement: boolean;
  /** Start the gateway in a systemd unit of its own. */
  readonly gatewayInUnit: boolean;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly report: UpReport;
}
