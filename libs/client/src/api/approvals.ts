import type { Approval, ListApprovalsQuery, ResolutionData, DecisionVerdict } from '@countersign/contracts/approvals';
import type { Answers } from '../shapes.js';
import type { StreamOptions } from '../stream/event-stream.js';
import { typedStream, type StreamedEvent } from '../stream/typed-stream.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import { everythingOn, type ListQuery } from './lists.js';

export type ApprovalsQuery = ListQuery<typeof ListApprovalsQuery> & {
  /** `meta.next_cursor` of the page before, in place of `page`. */
  cursor?: string | undefined;
};

export interface Resolution {
  status: DecisionVerdict;
  /** A note, other arguments, values for fields, the result of work done by hand, or a standing grant. */
  resolution_data?: ResolutionData | null | undefined;
  /** Of the call as whoever decides saw it: when it is another by now, nothing is decided (409). */
  digest?: string | undefined;
  /** Of a critical call, as whoever approves it has typed it: it is refused without. */
  target?: string | undefined;
}

export interface BulkResolution extends Omit<Resolution, 'digest' | 'target'> {
  ids: readonly string[];
  /** By id, one for each of `ids`. */
  digests?: Readonly<Record<string, string>> | undefined;
}

const events = { approval: 'Approval', removed: 'RemovedApproval' } as const;
/** An approval as it is after a change, or the id of one that was removed. */
export type ApprovalEvent = StreamedEvent<typeof events>;

/** Calls that people decide on. */
export class Approvals {
  constructor(private readonly transport: Transport) {}

  /** A page of approvals, newest first unless it is sorted otherwise. */
  list(query: ApprovalsQuery = {}, signal?: AbortSignal): Promise<Answers['ApprovalPage']> {
    return this.transport.ask('ApprovalPage', 'GET', '/approvals', { query, signal });
  }

  /** All that fit, page by page as they are needed. */
  all(query: Omit<ApprovalsQuery, 'page' | 'cursor'> = {}, signal?: AbortSignal): AsyncGenerator<Approval, void> {
    return everythingOn((place) => this.list({ ...query, ...place }, signal));
  }

  get(id: string, signal?: AbortSignal): Promise<Approval> {
    return this.transport.ask('Approval', 'GET', pathOf`/approvals/${id}`, { signal });
  }

  /** The status alone. */
  status(id: string, signal?: AbortSignal): Promise<Answers['ApprovalStatus']> {
    return this.transport.ask('ApprovalStatus', 'GET', pathOf`/approvals/${id}/status`, { signal });
  }

  /** How many are pending. */
  async countPending(signal?: AbortSignal): Promise<number> {
    return (await this.transport.ask('ApprovalCount', 'GET', '/approvals/count', { signal })).count;
  }

  /** How approvals went lately. @param days today included, at most 90. */
  stats(days?: number, signal?: AbortSignal): Promise<Answers['ApprovalStats']> {
    return this.transport.ask('ApprovalStats', 'GET', '/approvals/stats', { query: { days }, signal });
  }

  /** Decides. One decision of several that are needed leaves the approval pending. @throws ApiError 409 when it is too late */
  resolve(id: string, resolution: Resolution): Promise<Approval> {
    return this.transport.ask('Approval', 'POST', pathOf`/approvals/${id}/resolve`, { body: resolution });
  }

  /** Decides on several, each by itself. @returns what became of each, in the order of the ids */
  resolveMany(resolution: BulkResolution): Promise<Answers['BulkResolveOutcome']> {
    return this.transport.ask('BulkResolveOutcome', 'POST', '/approvals/resolve', { body: resolution });
  }

  comment(id: string, text: string): Promise<Approval> {
    return this.transport.ask('Approval', 'POST', pathOf`/approvals/${id}/comments`, { body: { text } });
  }

  /** Asks those who requested the call, instead of deciding; until they answer, nobody else approves it. */
  ask(id: string, text: string): Promise<Approval> {
    return this.transport.ask('Approval', 'POST', pathOf`/approvals/${id}/questions`, { body: { text } });
  }

  /** Asks what the call would do, as it stands or as it would be approved; until that is known, nobody approves it. */
  preview(id: string, { tool_args, values }: Pick<ResolutionData, 'tool_args' | 'values'> = {}): Promise<Approval> {
    const body = { ...(tool_args && { tool_args }), ...(values && { values }) };
    return this.transport.ask('Approval', 'POST', pathOf`/approvals/${id}/preview`, { body });
  }

  /** Answers the question on an approval. */
  answer(id: string, question_id: string, text: string): Promise<Approval> {
    const path = pathOf`/approvals/${id}/questions/${question_id}/answer`;
    return this.transport.ask('Approval', 'POST', path, { body: { text } });
  }

  /** Approves alone in an emergency, where the rules name whoever does it; every channel is alarmed. @param said with the target of a critical call */
  breakGlass(id: string, said: { reason: string; digest: string; target?: string }): Promise<Approval> {
    return this.transport.ask('Approval', 'POST', pathOf`/approvals/${id}/break-glass`, { body: said });
  }

  /** Closes the review of what somebody else approved in an emergency. */
  review(id: string, text: string): Promise<Approval> {
    return this.transport.ask('Approval', 'POST', pathOf`/approvals/${id}/break-glass/review`, { body: { text } });
  }

  /** Takes one that is over off the lists. */
  async remove(id: string): Promise<void> {
    await this.transport.ask('Nothing', 'DELETE', pathOf`/approvals/${id}`);
  }

  /** Each approval that changes, from now on; after an id, which is a time in seconds, first those that changed since. */
  stream(options?: StreamOptions): AsyncGenerator<ApprovalEvent, void> {
    return typedStream(this.transport, { path: '/approvals/stream' }, events, options);
  }
}
