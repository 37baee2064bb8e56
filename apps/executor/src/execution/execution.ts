import type { Event, Execution, ExecutionTerms, HeldBy, Requirement } from '@countersign/contracts';
import { ignored, rejected, type Transition } from '@countersign/persistence';
import type { FailureCovers } from '../adapters/adapter.js';
import { accept, refuse, takeBack, takeBackUnheard } from './begin.js';
import { endByWorker, loseSight, noteLateReport, postpone, start } from './attempt.js';
import { cancel, report, retry, settle } from './people.js';
import { holds, is, isDue } from './state.js';

/**
 * The life of an execution.
 *
 * ```
 *  (approved) ──► queued ── claimed ──► running ──► succeeded | failed
 *        │         │ ▲ │                 │ │
 *        │         │ │ │                 │ └─ nobody saw its end ──► reconciling: the target is asked
 *        │         │ └─┼── may be tried ─┘                             │        │
 *        │         │   │   once more                                   ▼        ▼
 *        │         │   └─ a person makes it ──► awaiting_report    succeeded  outcome_unknown ── settled by a person
 *        │         │                                │              | failed                        or tried again
 *        │         └─ taken back: cancelled         └─ reported ──► succeeded | failed
 *        └─ must not be made: failed
 * ```
 *
 * What promises `at_most_once` is started again only when the start before it is known not to have happened, or when a
 * person says so. What is `idempotent` is started again with the same key. Either way an attempt has a worker of its
 * own, and what an earlier worker still says is refused.
 *
 * The end of its run takes back a call that has not been started, even one whose approval has not arrived; what runs
 * is left alone.
 */
export type ExecutionMessage =
  | Approved
  /** Somebody wrote a decision that is none: recorded by itself, so that the real one finds the call untouched. */
  | { type: 'not_authentic'; id: string; event: Event<'approval.resolved'>; reason: string }
  /** The run is over and still waited for this; the approval of it may not have arrived yet. */
  | { type: 'cancelled'; event: EndOfRun; requirement: Requirement }
  /** A worker takes it: to make the call, or to ask the target. `refusal`: why the decision does not hold any more. */
  | { type: 'claimed'; worker: string; lease_ms: number; refusal: string | null }
  /** It cannot begin before `until` (epoch milliseconds), or nothing holds it any more. */
  | { type: 'postponed'; until: number; held_by: HeldBy | null }
  | { type: 'lease_extended'; worker: string; lease_ms: number; progress: Execution['progress'] }
  | { type: 'succeeded'; worker: string; result: string }
  | {
      type: 'failed';
      worker: string;
      error: string;
      retryable: boolean;
      retry_after: number;
      covers: FailureCovers;
    }
  | { type: 'lost'; worker: string; reason: string }
  /** Something came in the way before anything was done. */
  | { type: 'not_begun'; worker: string; until: number; held_by: HeldBy }
  | { type: 'due' }
  | { type: 'reported'; by: string; outcome: 'succeeded' | 'failed'; result: string }
  | { type: 'settled'; by: string; outcome: 'succeeded' | 'failed'; note: string }
  | { type: 'retried'; by: string; note: string; even_if_done: boolean }
  | { type: 'cancel_requested'; by: string; reason: string };

/** `refusal`: why it must not be made at all; `terms` and the key are what the tool says for these arguments. */
export interface Approved {
  type: 'approved';
  event: Event<'approval.resolved'>;
  refusal: string | null;
  terms: ExecutionTerms;
  concurrency_key: string | null;
}

export type EndOfRun = Event<'run.failed'> | Event<'run.cancelled'>;

/** What becomes of an execution when this arrives. @param now epoch milliseconds */
export function decideExecution(
  execution: Execution | undefined,
  message: ExecutionMessage,
  now: number,
): Transition<Execution> {
  switch (message.type) {
    case 'approved':
      return execution ? ignored('the execution exists') : accept(message, now);
    case 'not_authentic':
      return execution ? ignored('it has been refused already') : refuse(message, now);
    case 'cancelled':
      return execution ? takeBack(execution, message.event, now) : takeBackUnheard(message, now);
    default:
      return execution ? decideKnown(execution, message, now) : rejected('there is no such execution');
  }
}

type OfKnown = Exclude<ExecutionMessage, { type: 'approved' | 'not_authentic' | 'cancelled' }>;

function decideKnown(execution: Execution, message: OfKnown, now: number): Transition<Execution> {
  const { status } = execution;
  const only = (...expected: Execution['status'][]) => expected.includes(status);
  const no = () => rejected(is(execution));
  switch (message.type) {
    case 'claimed':
      return only('queued', 'reconciling') && isDue(execution, now) ? start(execution, message, now) : no();
    case 'postponed':
      return only('queued') ? postpone(execution, message, now) : no();
    case 'due':
      return only('running') && isDue(execution, now)
        ? loseSight(execution, 'its worker stopped answering while the call was being made', now)
        : ignored(is(execution));
    case 'reported':
      return only('awaiting_report') ? report(execution, message, now) : no();
    case 'settled':
      return only('outcome_unknown') ? settle(execution, message, now) : no();
    case 'retried':
      return only('outcome_unknown') ? retry(execution, message, now) : no();
    case 'cancel_requested':
      return only('queued', 'running', 'awaiting_report') ? cancel(execution, message, now) : no();
    default:
      return holds(execution, message.worker)
        ? endByWorker(execution, message, now)
        : noteLateReport(execution, message, now);
  }
}

/** What only the worker of the attempt under way may say. */
export type WorkerMessage = Extract<
  OfKnown,
  { type: 'lease_extended' | 'succeeded' | 'failed' | 'lost' | 'not_begun' }
>;
