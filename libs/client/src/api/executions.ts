import type {
  ClaimExecutionRequest,
  Execution,
  ExecutionOutput,
  ListExecutionsQuery,
  ReportOutcomeRequest,
  Switch,
} from '@countersign/contracts/executions';
import type { Answers } from '../shapes.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import { everythingOn, type ListQuery } from './lists.js';

type Outcome = 'succeeded' | 'failed';

/** Approved calls, as the executor makes them, and the kill switches. */
export class Executions {
  constructor(private readonly transport: Transport) {}

  /** A page of executions, newest first. */
  list(query: ListQuery<typeof ListExecutionsQuery> = {}, signal?: AbortSignal): Promise<Answers['ExecutionPage']> {
    return this.transport.ask('ExecutionPage', 'GET', '/executions', { query, signal });
  }

  /** All that fit, page by page as they are needed. */
  all(
    query: Omit<ListQuery<typeof ListExecutionsQuery>, 'page'> = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Execution, void> {
    return everythingOn((place) => this.list({ ...query, ...place }, signal));
  }

  /** @param id that of the approval. */
  get(id: string, signal?: AbortSignal): Promise<Execution> {
    return this.transport.ask('Execution', 'GET', pathOf`/executions/${id}`, { signal });
  }

  /** What a call has printed. @param attempt unset: the last one. */
  output(id: string, attempt?: number, signal?: AbortSignal): Promise<ExecutionOutput> {
    return this.transport.ask('ExecutionOutput', 'GET', pathOf`/executions/${id}/output`, {
      query: { attempt },
      signal,
    });
  }

  /** Begins a call that whoever asked for it makes; with the same claim it is found again. */
  claim(id: string, claim: ClaimExecutionRequest): Promise<Execution> {
    return this.transport.ask('Execution', 'POST', pathOf`/executions/${id}/claim`, { body: claim });
  }

  /** Says that the claim still works on the call, so that its lease begins anew. */
  extend(id: string, claim: ClaimExecutionRequest): Promise<Execution> {
    return this.transport.ask('Execution', 'POST', pathOf`/executions/${id}/extend`, { body: claim });
  }

  /** Says what came of the call of a claim; the same report counts once. */
  outcome(id: string, report: ReportOutcomeRequest): Promise<Execution> {
    return this.transport.ask('Execution', 'POST', pathOf`/executions/${id}/outcome`, { body: report });
  }

  /** Says what came of a call whose outcome is unknown. */
  resolveUnknown(id: string, found: { outcome: Outcome; note: string }): Promise<Execution> {
    return this.#command(id, 'resolve-unknown', found);
  }

  /** Makes a call again. @param how `even_if_done`: though it may have been made, and is to start at most once. */
  retry(id: string, how: { note: string; even_if_done?: boolean | undefined }): Promise<Execution> {
    return this.#command(id, 'retry', how);
  }

  /** Ends one that has not begun. */
  cancel(id: string, reason: string): Promise<Execution> {
    return this.#command(id, 'cancel', { reason });
  }

  /** Says what came of work that people do. */
  report(id: string, done: { outcome: Outcome; result: string }): Promise<Execution> {
    return this.#command(id, 'report', done);
  }

  async switches(signal?: AbortSignal): Promise<Switch[]> {
    return (await this.transport.ask('Switches', 'GET', '/executions/switches', { signal })).data;
  }

  /** Turns a kill switch on: no call is started any more. @param tool_name null for all of them. */
  async pause(tool_name: string | null, reason: string): Promise<Switch[]> {
    const body = { tool_name, reason };
    return (await this.transport.ask('Switches', 'POST', '/executions/pause', { body })).data;
  }

  async resume(tool_name: string | null): Promise<Switch[]> {
    return (await this.transport.ask('Switches', 'POST', '/executions/resume', { body: { tool_name } })).data;
  }

  #command(id: string, what: string, body: object): Promise<Execution> {
    return this.transport.ask('Execution', 'POST', `${pathOf`/executions/${id}`}/${what}`, { body });
  }
}
