/** How the delay before each retry grows. */
export interface Backoff {
  /** Before the first retry, in milliseconds. */
  first_ms: number;
  /** No delay is longer, in milliseconds. */
  longest_ms: number;
  /** Each delay is so many times the one before it; 2 unless set. */
  factor?: number;
}

/**
 * The delay in milliseconds after so many retries, 0 before the first. It has no jitter, so that a state machine, whose
 * answer depends on nothing but its arguments, can say when something is due.
 */
export const backoffMs = ({ first_ms, longest_ms, factor = 2 }: Backoff, retries: number): number =>
  Math.min(longest_ms, first_ms * factor ** retries);

/** The same with jitter, from half of the delay to all of it: those that failed together do not retry together. */
export const jitteredBackoffMs = (backoff: Backoff, retries: number): number =>
  backoffMs(backoff, retries) * (0.5 + Math.random() / 2);
