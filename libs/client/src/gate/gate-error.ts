import type { RequestedCall, RequestedCalls, CallStatus } from '@countersign/contracts/runs';

/** A gated call that was not made, failed, or of which nobody knows. Programs branch on `status`. */
export class GateError extends Error {
  override readonly name = 'GateError';
  /** `rejected`, `expired` or `cancelled`: not made. `failed`: made. `outcome_unknown`: do not make it again. */
  readonly status: CallStatus;
  /** What whoever decided has to say. */
  readonly note: string | null;
  /** Of the approval. */
  readonly id: string;

  constructor({ id, tool_name, status, note, result }: RequestedCall, { run_id }: Pick<RequestedCalls, 'run_id'>) {
    const why = status === 'failed' ? result : note;
    super(`${tool_name}: ${words[status]}${why ? `: ${why}` : '.'} (call ${id} of ${run_id})`);
    this.status = status;
    this.note = note;
    this.id = id;
  }
}

const words: Record<CallStatus, string> = {
  waiting: 'it waits for a decision',
  approved: 'it is approved',
  succeeded: 'it was made',
  failed: 'it was made and failed',
  rejected: 'it was rejected and not made',
  expired: 'nobody decided in time, so it was not made',
  cancelled: 'it was cancelled and not made',
  outcome_unknown: 'it is unknown whether it was made; a person finds out, and it is not made again',
};
