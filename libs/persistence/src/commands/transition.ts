import type { NewEvent } from '@countersign/contracts';

/** What a state machine answers to a message. */
export type Transition<S> =
  | { kind: 'changed'; state: S; events: readonly NewEvent[] }
  /** Nothing to do, and that is fine: a duplicate, or news that no longer matters. */
  | { kind: 'ignored'; reason: string }
  /** Not allowed in this state; whoever asked should be told. */
  | { kind: 'rejected'; reason: string; code?: RejectionCode };

/**
 * Why not, in general: whoever asks may not, what they say does not fit, or the rules ask for more or reject it; without
 * one, it is too late or too early.
 */
export type RejectionCode = 'forbidden' | 'invalid' | 'stricter_rule' | 'rejected_by_rule' | 'call_changed';

export const changed = <S>(state: S, ...events: readonly NewEvent[]): Transition<S> => ({
  kind: 'changed',
  state,
  events,
});
export const ignored = (reason: string): Transition<never> => ({ kind: 'ignored', reason });
export const rejected = (reason: string, code?: RejectionCode): Transition<never> => ({
  kind: 'rejected',
  reason,
  ...(code && { code }),
});

/** A pure state machine: it answers every message in every state, and `now` (epoch milliseconds) is an argument. */
export type Decide<S, M> = (state: S | undefined, message: M, now: number) => Transition<S>;
