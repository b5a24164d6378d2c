// What is measured, and what is aimed at: server CPU relative to nginx in the same run, unless a measure says otherwise.
import { CABLE } from './parts/cable.js';
import { spreadOf } from './parts/figures.js';
import { GROWTH } from './parts/growth.js';
import { HASHING } from './parts/hashing.js';
import { pairSeveral } from './parts/pairing.js';
import { FOOTPRINT } from './parts/footprint.js';
import { REPLICATION } from './parts/replication.js';
import { SERVING } from './parts/serving.js';

const pairing = {
  name: 'pairing, from the typed code to a leaf',
  unit: 's',
  target: { atMost: 2, of: 'value' },
  run: async ({ rounds }) => new Map([['patchcord', spreadOf(await pairSeveral(rounds))]]),
};

export const MEASURES = [pairing, ...FOOTPRINT, ...SERVING, ...HASHING, ...GROWTH, ...REPLICATION, ...CABLE];
