// What one check found, and what to do about it.

/** `attention`: works, and could be better; `bad`: something does not work, or lets in who should not be. */
export type FindingState = 'good' | 'attention' | 'bad';

export interface Finding {
  /** A stable word. */
  readonly check: string;
  readonly state: FindingState;
  readonly text: string;
  /** Only where there is something to do. */
  readonly todo?: string;
}

export const good = (check: string, text: string): Finding => ({ check, state: 'good', text });
export const attention = (check: string, text: string, todo: string): Finding => ({
  check,
  state: 'attention',
  text,
  todo,
});
export const bad = (check: string, text: string, todo: string): Finding => ({
  check,
  state: 'bad',
  text,
  todo,
});
