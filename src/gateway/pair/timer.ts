// Tells a state machine the time when it asked to be told, and keeps no more than one timer for it.
export interface MachineTimer {
  /** To be called after everything that the machine was told. */
  arm(nextAt: number): void;
  close(): void;
}

export function createMachineTimer(steadyMs: () => number, onTime: () => void): MachineTimer {
  let timer: NodeJS.Timeout | undefined;
  return {
    arm(nextAt) {
      clearTimeout(timer);
      if (nextAt !== Infinity) timer = setTimeout(onTime, Math.max(0, nextAt - steadyMs()));
    },
    close: () => clearTimeout(timer),
  };
}
