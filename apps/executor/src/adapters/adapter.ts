import type { Execution, ExecutionErrorCode, HeldBy } from '@countersign/contracts/executions';
import type { Clock, EpochMillis, Millis } from '@countersign/contracts/time';
import type { Mask } from '@countersign/definitions/masking';
import type { Bus } from '@countersign/messaging';
import type { CallProgress } from '@countersign/tool';
import type { Replies } from '../results/replies.js';

/** What came of a call. */
export type Outcome =
  /** `truncated`: the result is the end of what was printed. */
  | { outcome: 'succeeded'; result: string; truncated?: boolean }
  /** It is over. `retryable`: it was not done, and may work a little later, not before `retry_after_ms`. */
  | {
      outcome: 'failed';
      error: string;
      retryable?: boolean;
      retry_after_ms?: Millis;
      covers?: FailureCovers;
      code?: ExecutionErrorCode;
    }
  /** There is no way to begin it now: it counts as no start, and waits until there is one. */
  | { outcome: 'not_begun'; reason: string }
  /** It was begun, and its outcome is unknown. */
  | { outcome: 'unknown'; reason: string };

/**
 * The scope of a failure. `attempt`, the default: this start alone, whatever became of earlier ones.
 * `call`: the target reports it for all starts with the execution's id, as where a job of that id has failed.
 */
export type FailureCovers = 'attempt' | 'call';

/** A call, and which start of it this is: the number is a fencing token, later attempts have higher ones. */
export type ApprovedCall = Pick<Execution, 'id' | 'run_id' | 'tool_call_id' | 'tool_name' | 'tool_args'> & {
  attempt: number;
  /** Epoch milliseconds at which this attempt began; of one to reconcile, the attempt with unknown outcome. */
  started_at: EpochMillis;
  /** Who decided on it; absent or null: nobody, as where a rule did. */
  approved_by?: string | null;
  /** For whom the run requested it. */
  requester?: string | null;
  /** The trace that it belongs to. */
  traceparent?: string | null;
  tracestate?: string | null;
  /** The requested definition of the tool. */
  tool_version?: string | null;
};

/** Who follows a call while it is made. */
export interface Watch {
  /** Aborted when the call is cancelled: end it as soon as possible, and return the outcome. */
  signal: AbortSignal;
  /**
   * Masks secrets. All that a call says goes through it later, so an adapter needs it only for what it cuts:
   * half of a secret is found no more.
   */
  mask: Mask;
  progress(update: CallProgress): void;
  /**
   * Looks for the last time whether the call may be made: an adapter awaits it right before the effect, with nothing
   * in between, and does not catch what it throws.
   *
   * @throws InTheWay
   */
  lastLook(): Promise<void>;
}

/** What is in the way of a call, and when to look again. */
export interface Obstacle {
  until: EpochMillis;
  held_by: HeldBy;
}

/** A call is not begun. */
export class InTheWay extends Error {
  override readonly name = 'InTheWay';

  constructor(readonly obstacle: Obstacle) {
    super(obstacle.held_by.detail);
  }
}

/** What there is besides the call and its target. */
export interface AdapterContext {
  /** The log of other platforms, for these of their topics. */
  busTo(topics: readonly string[]): Bus;
  replies: Replies;
  /** By which the attempts of calls are dated. */
  now: Clock;
}

/** A way to make calls happen. */
export interface Adapter {
  /** Is called once, before the first call is made. */
  open?(facilities: AdapterContext): void;
  /** Called once for each attempt; throws only before it has begun, and takes a last look before it does. */
  execute(call: ApprovedCall, watch: Watch): Promise<Outcome>;
  /**
   * Queries the target for the outcome of a call whose worker is gone; may be called again. `unknown`: it cannot be determined.
   * Absent where the target cannot be queried.
   */
  reconcile?(call: ApprovedCall, watch: Watch): Promise<Outcome>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}
