import type { NewEvent } from '@countersign/contracts';
import type { EpochMillis } from '@countersign/contracts/time';

/** What a state machine answers to a message. */
export type Transition<S, C extends string = string> =
  | { kind: 'changed'; state: S; events: readonly NewEvent[] }
  /** Nothing to do, and that is fine: a duplicate, or a late event. */
  | { kind: 'ignored'; reason: string }
  /** Not allowed in this state; reported to the sender. The code is for programs, the reason for people. */
  | { kind: 'rejected'; code: C; reason: string };

export const changed = <S>(state: S, ...events: readonly NewEvent[]): Transition<S, never> => ({
  kind: 'changed',
  state,
  events,
});
export const ignored = (reason: string): Transition<never, never> => ({ kind: 'ignored', reason });
export const rejected = <C extends string>(code: C, reason: string): Transition<never, C> => ({
  kind: 'rejected',
  code,
  reason,
});

/** A pure state machine: it answers every message in every state, and `now` is an argument. */
export type Decide<S, M, C extends string = string> = (
  state: S | undefined,
  message: M,
  now: EpochMillis,
) => Transition<S, C>;
