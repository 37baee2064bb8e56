import { needsOperator, type RunErrorCode } from '@countersign/contracts/runs';
import { jitteredBackoffMs, type Millis } from '@countersign/contracts/time';
import { ModelError } from '../model/model.js';

/** Of a model that does not say when to ask again. */
const firstRetryMs = 5_000;
const longestRetryMs = 60_000;
/** Of what somebody has to mend, which takes longer. */
const longestOperatorRetryMs = 300_000;
export interface ModelRetry {
  code: RunErrorCode;
  message: string;
  /** `null`: the model refuses it for good. */
  retry_after_ms: Millis | null;
}

/**
 * When a model is asked again that failed. What no model client should throw is tried again too, later and later.
 *
 * @param failures in a row, before this one
 */
export function modelRetry(error: unknown, failures: number): ModelRetry {
  const { message, retryAfterMs, code } =
    error instanceof ModelError ? error : new ModelError(String(error), firstRetryMs);
  const longest_ms = needsOperator(code) ? longestOperatorRetryMs : longestRetryMs;
  return {
    code,
    message,
    retry_after_ms: retryAfterMs === null ? null : retryDelay(retryAfterMs, failures, longest_ms),
  };
}

/** How long to wait: backoff, and not less than the model requested. */
const retryDelay = (requested_ms: Millis, failures: number, longest_ms: Millis): Millis =>
  Math.max(requested_ms, Math.ceil(jitteredBackoffMs({ first_ms: requested_ms, longest_ms }, failures)));
