import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import type { Millis } from '@countersign/contracts/time';

/** A notice for one channel. */
export interface Notice {
  delivery: NoticeDelivery;
  /** As it is now. */
  approval: Approval;
  /** The deliveries of this approval to this channel, this one included. */
  deliveries(): Promise<NoticeDelivery[]>;
}

/** Several for one channel, or one recipient of it, in one message. */
export interface Digest {
  /** The first of them. */
  delivery: NoticeDelivery;
  /** As they are now, each of which waits. */
  approvals: readonly Approval[];
}

export type SendOutcome =
  | { type: 'sent'; detail: string | null; receipt: NoticeDelivery['receipt'] }
  | { type: 'not_needed'; detail: string }
  /**
   * @property retry_after_ms what the receiver asks for, if it does.
   * @property waits that nothing went wrong: it is the turn of another delivery.
   */
  | { type: 'failed_for_now'; detail: string; retry_after_ms: Millis | null; waits?: true }
  | { type: 'failed_for_good'; detail: string };

/** Sends to a channel. What it throws counts as a retryable failure. */
export interface Sender {
  /** Whom it is sent to one by one, such as each browser; where there is no such method it is one message. */
  recipients?(approval: Approval, kind: NoticeKind): Promise<readonly string[]>;
  send(notice: Notice, signal: AbortSignal): Promise<SendOutcome>;
  /** Of channels that may have one. */
  sendDigest?(digest: Digest, signal: AbortSignal): Promise<SendOutcome>;
}

export const failedForNow = (detail: string, retry_after_ms: Millis | null = null): SendOutcome => ({
  type: 'failed_for_now',
  detail,
  retry_after_ms,
});
export const failedForGood = (detail: string): SendOutcome => ({ type: 'failed_for_good', detail });

/** What went wrong, in a line: of a failed request the cause says more than the error. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || isTimeout(error.cause)) return 'no answer in time';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

const isTimeout = (cause: unknown): boolean => cause instanceof Error && cause.name === 'TimeoutError';
