// A gateway for one `join`: it has no identity, listens nowhere, and only looks for offers and takes one.
import { GatewayError, launchGateway } from '../../adapters/launch/launch-gateway.js';
import { Failure } from '../cli/failure.js';
import type { Settings } from '../config/settings.js';
import { parseGatewayEvent } from '../gateway-events.js';
import { createPairEvents, type PairControl } from './control.js';
import { createOffers, type Offers } from './offers.js';

export interface JoinGateway {
  readonly control: PairControl;
  readonly offers: Offers;
  close(): Promise<void>;
}

export interface JoinGatewayOptions {
  readonly settings: Pick<Settings, 'listen'>;
  readonly onLog: (line: string) => void;
  /** The gateway ended by itself. */
  readonly onEnd: () => void;
}

export async function openJoinGateway({ settings, onLog, onEnd }: JoinGatewayOptions): Promise<JoinGateway> {
  const gateway = await launchGateway({ version: 1, listen: settings.listen }, { onLog }).catch(refuse);
  const offers = createOffers(() => performance.now());
  const events = createPairEvents();
  const reading = (async () => {
    for await (const raw of gateway.events) {
      const event = parseGatewayEvent(raw);
      if (event === null) continue;
      offers.note(event);
      events.note(event);
    }
    onEnd();
  })();
  return {
    control: { call: (method, params) => gateway.call(method, params), onEvent: events.onEvent },
    offers,
    async close() {
      await gateway.stop();
      await reading;
    },
  };
}

function refuse(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  throw new Failure('config', 'gateway-refused', 'the gateway cannot start', { problems: error.problems });
}
