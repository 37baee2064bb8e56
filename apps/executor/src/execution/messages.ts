import type { Event } from '@countersign/contracts';
import type { Requirement } from '@countersign/contracts/calls';
import type { Execution, ExecutionErrorCode, ExecutionTerms, HeldBy } from '@countersign/contracts/executions';
import type { EpochMillis, Millis } from '@countersign/contracts/time';
import type { FailureCovers } from '../adapters/adapter.js';

/** The messages of an execution; see `execution.ts` for the transitions. */
export type ExecutionMessage =
  | Approved
  /** A decision that does not let exactly this call through, which is authentic: a restored store asked people once more. */
  | { type: 'decided_otherwise'; event: Event<'approval.resolved'>; unrecorded: string | null }
  /** A forged decision: recorded separately, so that the real one finds the call untouched. */
  | { type: 'not_authentic'; id: string; event: Event<'approval.resolved'>; reason: string }
  /** The run is over and still waited for this; the approval of it may not have arrived yet. */
  | { type: 'cancelled'; event: EndOfRun; requirement: Requirement }
  /** A worker takes it: to make the call, or to ask the target. `refusal`: why the decision does not hold any more. */
  | { type: 'claimed'; worker: string; lease_ms: Millis; refusal: string | null }
  /** The external agent that asked for it makes it; `worker` names this claim. */
  | { type: 'claimed_by_caller'; worker: string; by: string; lease_ms: Millis; refusal: string | null }
  /** It may have been made since, by records that were lost. */
  | { type: 'unrecorded'; reason: string }
  /** It cannot begin before `until`, or nothing holds it any more. */
  | { type: 'postponed'; until: EpochMillis; held_by: HeldBy | null }
  | { type: 'lease_extended'; worker: string; lease_ms: Millis; progress: Execution['progress'] }
  | { type: 'succeeded'; worker: string; result: string }
  | {
      type: 'failed';
      worker: string;
      error: string;
      retryable: boolean;
      retry_after_ms: Millis;
      covers: FailureCovers;
      code?: ExecutionErrorCode | undefined;
    }
  | { type: 'lost'; worker: string; reason: string }
  /** Something came in the way before anything was done. */
  | { type: 'not_begun'; worker: string; until: EpochMillis; held_by: HeldBy }
  | { type: 'due' }
  /** The event of its outcome can never be published. */
  | { type: 'never_published'; reason: string }
  | { type: 'reported'; by: string; outcome: 'succeeded' | 'failed'; result: string }
  | { type: 'settled'; by: string; outcome: 'succeeded' | 'failed'; note: string }
  | { type: 'retried'; by: string; note: string; even_if_done: boolean }
  | { type: 'cancel_requested'; by: string; reason: string };

/**
 * `refusal`: why it must not be made at all; `unrecorded`: why it may have been made before there were records of it;
 * `terms` and the key are what the tool says for these arguments.
 */
export interface Approved {
  type: 'approved';
  event: Event<'approval.resolved'>;
  refusal: string | null;
  unrecorded: string | null;
  terms: ExecutionTerms;
  concurrency_key: string | null;
}

export type EndOfRun = Event<'run.failed'> | Event<'run.cancelled'>;

/** Messages that only an existing execution handles. */
export type MessageOfKnown = Exclude<
  ExecutionMessage,
  { type: 'approved' | 'decided_otherwise' | 'not_authentic' | 'cancelled' }
>;

/** What only the worker of the attempt under way may say. */
export type WorkerMessage = Extract<
  MessageOfKnown,
  { type: 'lease_extended' | 'succeeded' | 'failed' | 'lost' | 'not_begun' }
>;
