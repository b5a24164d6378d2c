// The person's end of a run that a running `up` does.
import type { Paths } from '../home/paths.js';
import { askAgent } from '../rpc/ask-agent.js';
import type { Talk } from './talk.js';

export const remoteTalk = (paths: Paths): Talk => ({
  next: async (seen) => (await askAgent(paths, 'pair-next', { seen })).messages,
  async answer(answer) {
    await askAgent(paths, 'pair-answer', answer);
  },
  async stop() {
    await askAgent(paths, 'pair-stop');
  },
});
