import type { Run, RunErrorCode } from '@countersign/contracts/runs';
import { after, toEpochSeconds, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { changed, touch } from '@countersign/persistence';
import { limitReached } from './limits.js';
import { fail, waiting, type RunTransition } from '../states.js';

/** The model was asked and did not answer, or cannot be asked. */
export interface ModelFailed {
  error: string;
  /** Why, for programs. */
  code?: RunErrorCode;
  /** `null`: the same request can never be answered. */
  retry_after_ms: Millis | null;
  /** Whose limits hold, where it is known. */
  agent?: Agent;
}

/** The run waits until it is tried again, or ends: also a model that only fails uses up what the agent may use. */
export function modelFailed(run: Run, message: ModelFailed, now: EpochMillis): RunTransition {
  const { error, retry_after_ms, agent } = message;
  if (retry_after_ms === null) return fail(run, error, now, message.code ?? 'model_request_refused');
  const failed = wait(run, now, after(now, retry_after_ms), message.code ?? 'model_unavailable', error);
  const counted: Run = { ...failed, failures: run.failures + 1 };
  const limit = agent && limitReached(counted, agent, now);
  return limit ? fail(counted, limit.error, now, limit.code) : changed(counted);
}

/** The run is tried again then, and says until then why it waits. */
export const wait = (run: Run, now: EpochMillis, until: EpochMillis, error_code: RunErrorCode, error: string): Run =>
  touch(run, now, {
    ...waiting(run, now, until),
    error,
    error_code,
    waiting_since: run.waiting_since ?? toEpochSeconds(now),
  });
