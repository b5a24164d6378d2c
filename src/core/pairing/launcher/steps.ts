// Steps that both kinds of pairing take: the beginning, and the yes of two people.
import {
  after,
  areClocksNear,
  end,
  go,
  refuse,
  type Expected,
  type LauncherEffect,
  type Proved,
  type Step,
} from './launcher.js';

/** Begins with what was proved, unless the clocks are too far apart for dates to be signed. */
export const whenProved = (begin: (proved: Proved) => Step): Expected => ({
  proved: (proved) => (areClocksNear(proved) ? begin(proved) : end('clocks')),
});

/** The two may say yes in either order; `sayYes` tells the other side of the own one. */
export function whenBothAgree(agreed: () => Step, sayYes: LauncherEffect | null = null): Expected {
  const said = (step: Step): Step => (sayYes === null ? step : after(sayYes, step));
  const whenAnswered = (next: () => Step) => (yes: boolean) => (yes ? said(next()) : refuse('refused-here'));
  return {
    answered: whenAnswered(() => go({ message: { yes: agreed } })),
    message: { yes: () => go({ answered: whenAnswered(agreed) }) },
  };
}
