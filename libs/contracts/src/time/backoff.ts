import type { Millis } from './time.js';

/** How the delay before each retry grows. */
export interface Backoff {
  /** Before the first retry. */
  first_ms: Millis;
  /** No delay is longer. */
  longest_ms: Millis;
  /** Each delay is so many times the one before it; 2 unless set. */
  factor?: number;
}

/**
 * The delay after so many retries, 0 before the first. It has no jitter, so that a state machine, whose
 * answer depends on nothing but its arguments, can say when something is due.
 */
export const backoffMs = ({ first_ms, longest_ms, factor = 2 }: Backoff, retries: number): Millis =>
  Math.min(longest_ms, first_ms * factor ** retries);

/** The same with jitter, from half of the delay to all of it: those that failed together do not retry together. */
export const jitteredBackoffMs = (backoff: Backoff, retries: number): Millis =>
  backoffMs(backoff, retries) * (0.5 + Math.random() / 2);
