import type { Event, EventName } from '@countersign/contracts';
import type { Asked, RunErrorCode } from '@countersign/contracts/runs';
import type { EpochMillis, EpochSeconds, Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import type { Silence } from '../resend/silent-run.js';
import type { CallerResolution } from './call.js';
import type { CheckedCall } from './conversation.js';
import type { ModelFailed } from './failures/model-failed.js';
import type { Turn } from './turn.js';

/** Messages to a run; `decideRun` is the transition. */
export type RunMessage =
  | ({ type: 'requested'; run: RunRequest } & Forgets)
  /** The calls of an external agent: a run whose one turn is given, and that no model is asked for. */
  | ({
      type: 'calls_requested';
      run: RunRequest;
      asked: Asked;
      agent: Agent;
      calls: readonly RequestedCall[];
    } & Forgets)
  /** What was let through before there are records may have been made since, by a record that a restore has lost. */
  | { type: 'claimed'; worker: string; lease_ms: Millis; records_since?: EpochSeconds }
  | { type: 'lease_extended'; worker: string; lease_ms: Millis }
  | { type: 'released'; worker: string }
  | { type: 'postponed'; worker: string; until: EpochMillis; reason: string; code?: RunErrorCode }
  | ({ type: 'model_responded'; worker: string } & Turn)
  | ({ type: 'model_failed'; worker: string } & ModelFailed)
  | { type: 'call_started'; worker: string; call: string }
  | { type: 'call_ended'; worker: string; call: string; output: string; failed: boolean }
  | { type: 'turn_came' }
  /** What it waits for has not come for long; `agent` is set for a run that is not finished. */
  | ({ type: 'resend_due'; agent: Agent | null } & Silence)
  /** The log never takes what the run emitted, such as the request for this call. */
  | { type: 'never_published'; event: EventName; call: string | null; reason: string }
  | { type: 'watched' }
  | { type: 'resolved_by_caller'; resolutions: readonly CallerResolution[] }
  | { type: 'cancel_requested'; reason: string | null }
  /** Whoever may continue the run has it tried again. */
  | { type: 'retry_requested'; deadline_at: EpochMillis | null }
  | Event<'approval.resolved'>
  /** The decision arrives when the time to act on it is over. */
  | { type: 'resolved_late'; event: Event<'approval.resolved'> }
  | Event<'tool.execution_completed'>
  | Event<'tool.execution_failed'>
  | Event<'tool.execution_outcome_unknown'>
  /** An approved call was not made, since its preview had changed; `agent`: what the run works with, to ask again. */
  | { type: 'preview_changed'; event: Event<'tool.execution_failed'>; agent: Agent | null };

/** Whether the store has lost records: then there may have been another run of the same id. */
interface Forgets {
  forgets?: boolean;
}

/** A call that fits its tool, under the name that its agent has for it. */
export type RequestedCall = CheckedCall & { tool_call_id: string };

export interface RunRequest {
  run_id: string;
  agent_id: string;
  session_id: string;
  user_id: string | null;
  /** Who sent the request. */
  requested_by: string | null;
  run_input: string;
  /** Whether its id is from an `Idempotency-Key`, or named by its sender, so that it may come again. */
  is_named?: boolean;
  /** When, as its sender says. */
  requested_at?: EpochSeconds;
  deadline_at: EpochMillis | null;
  streamed: boolean;
  traceparent: string | null;
  tracestate: string | null;
}
