// Does a step again and again, one at a time: however often it is asked for meanwhile, once more is enough.

export interface Stepper {
  step(): void;
  /** Resolves when the last step that was asked for is done; none begins after it. */
  close(): Promise<void>;
}

const RETRY_MS = 2000;

/** A step that fails is done again after a while: what it needs is away. */
export function createStepper(step: () => Promise<void>): Stepper {
  let isWanted = false;
  let isClosed = false;
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  async function run(): Promise<void> {
    while (isWanted) {
      isWanted = false;
      await step().catch(() => {
        if (!isClosed) timer = setTimeout(begin, RETRY_MS);
      });
    }
    running = null;
  }
  function begin(): void {
    clearTimeout(timer);
    isWanted = true;
    running ??= run();
  }
  return {
    step() {
      if (!isClosed) begin();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
