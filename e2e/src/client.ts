import {
  AgentOutput,
  Approval,
  ApprovalCount,
  ApprovalPage,
  Execution,
  ExecutionPage,
  RunOutput,
  RunPage,
  SessionPage,
  type Problem,
  type ResolutionData,
  type RunStatus,
  type Verdict,
} from '@countersign/contracts';
import { z } from 'zod';
import { EventStream } from './event-stream.js';

/** Where each part of the API is; one origin in standalone. */
export interface Origins {
  runs: string;
  approvals: string;
  executions: string;
}

export interface StartOptions {
  agent?: string;
  user_id?: string;
  session_id?: string;
  deadline_in?: number;
  /** For `Idempotency-Key`. */
  key?: string;
}

/** Calls as whoever continues a run has resolved them. */
export interface Continuation {
  tools?: readonly object[];
  requirements?: readonly object[];
}

/** An answer that is not the one expected. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly problems: Problem['errors'],
  ) {
    super(`${status}: ${detail}`);
  }
}

/** Talks to the HTTP API as any client would, and checks every answer against the published shapes. */
export class Client {
  constructor(readonly origins: Origins) {}

  startRun(input: string, { key, agent = 'ops', ...rest }: StartOptions = {}): Promise<RunOutput> {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    return this.#send(RunOutput, 'POST', this.#runsOf(agent), { input, ...rest }, headers);
  }

  /** Starts a run as a form does, and returns it once it is paused or over. */
  async startByForm(form: URLSearchParams | FormData, agent = 'ops'): Promise<RunOutput> {
    return RunOutput.parse(await (await ok(fetch(this.#runsOf(agent), { method: 'POST', body: form }))).json());
  }

  /** Starts a run and shows what happens to it, as long as the request lasts: to the end, or for a form to a pause. */
  startStream(body: string | URLSearchParams | FormData, agent = 'ops'): Promise<EventStream> {
    return typeof body === 'string'
      ? EventStream.open(`${this.#runsOf(agent)}?stream=true`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ input: body }),
        })
      : EventStream.open(this.#runsOf(agent), { method: 'POST', body });
  }

  /** What happens to a run, from its beginning or after an event. */
  events(runId: string, lastEventId?: string): Promise<EventStream> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    return EventStream.open(`${this.origins.runs}/runs/${runId}/events`, { headers });
  }

  continueRun({ agent_id, run_id }: RunOutput, continuation: Continuation): Promise<RunOutput> {
    return this.#send(RunOutput, 'POST', `${this.#runsOf(agent_id)}/${run_id}/continue`, continuation);
  }

  run(runId: string): Promise<RunOutput> {
    return this.#send(RunOutput, 'GET', `${this.origins.runs}/runs/${runId}`);
  }

  /** The run once it has one of the statuses, or as it is after `seconds`. */
  waitForRun(runId: string, statuses: readonly RunStatus[], seconds = 20): Promise<RunOutput> {
    const query = new URLSearchParams({ wait_for: statuses.join(','), timeout: String(seconds) });
    return this.#send(RunOutput, 'GET', `${this.origins.runs}/runs/${runId}?${query}`);
  }

  runs(query: Record<string, string> = {}): Promise<z.infer<typeof RunPage>> {
    return this.#send(RunPage, 'GET', `${this.origins.runs}/runs?${new URLSearchParams(query)}`);
  }

  cancelRun(runId: string, reason: string, agent = 'ops'): Promise<RunOutput> {
    return this.#send(RunOutput, 'POST', `${this.#runsOf(agent)}/${runId}/cancel`, { reason });
  }

  agents(): Promise<AgentOutput[]> {
    return this.#send(z.array(AgentOutput), 'GET', `${this.origins.runs}/agents`);
  }

  sessions(query: Record<string, string> = {}): Promise<z.infer<typeof SessionPage>> {
    return this.#send(SessionPage, 'GET', `${this.origins.runs}/sessions?${new URLSearchParams(query)}`);
  }

  /** The runs of a session, oldest first. */
  runsOfSession(sessionId: string): Promise<RunOutput[]> {
    return this.#send(z.array(RunOutput), 'GET', `${this.origins.runs}/sessions/${sessionId}/runs`);
  }

  approvals(query: Record<string, string> = {}): Promise<z.infer<typeof ApprovalPage>> {
    return this.#send(ApprovalPage, 'GET', `${this.origins.approvals}/approvals?${new URLSearchParams(query)}`);
  }

  approval(id: string): Promise<Approval> {
    return this.#send(Approval, 'GET', `${this.origins.approvals}/approvals/${id}`);
  }

  async pendingCount(): Promise<number> {
    return (await this.#send(ApprovalCount, 'GET', `${this.origins.approvals}/approvals/count`)).count;
  }

  resolve(id: string, status: Verdict, resolved_by: string, resolution_data?: ResolutionData): Promise<Approval> {
    const body = { status, resolved_by, ...(resolution_data && { resolution_data }) };
    return this.#send(Approval, 'POST', `${this.origins.approvals}/approvals/${id}/resolve`, body);
  }

  async removeApproval(id: string): Promise<void> {
    await this.#fetch('DELETE', `${this.origins.approvals}/approvals/${id}`);
  }

  executions(query: Record<string, string> = {}): Promise<z.infer<typeof ExecutionPage>> {
    return this.#send(ExecutionPage, 'GET', `${this.origins.executions}/executions?${new URLSearchParams(query)}`);
  }

  settle(id: string, outcome: 'succeeded' | 'failed', note: string): Promise<Execution> {
    return this.#send(Execution, 'POST', `${this.origins.executions}/executions/${id}/resolve-unknown`, {
      outcome,
      note,
    });
  }

  #runsOf(agent: string): string {
    return `${this.origins.runs}/agents/${agent}/runs`;
  }

  async #send<S extends z.ZodType>(
    shape: S,
    method: string,
    url: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<z.infer<S>> {
    const response = await this.#fetch(method, url, body, headers);
    return shape.parse(await response.json());
  }

  async #fetch(method: string, url: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const request = fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return ok(request);
  }
}

/** @throws HttpError for any answer that is a problem. */
async function ok(request: Promise<Response>): Promise<Response> {
  const response = await request;
  if (response.ok) return response;
  const { detail, errors } = (await response.json()) as Problem;
  throw new HttpError(response.status, detail, errors);
}
