import type { CommandName } from '@countersign/auth';
import {
  AgentOutput,
  Approval,
  ApprovalCount,
  ApprovalPage,
  BulkResolveOutcome,
  DeadLetter,
  DeadLetterPage,
  EventList,
  Execution,
  ExecutionPage,
  Grant,
  GrantPage,
  RunOutput,
  RunPage,
  SessionPage,
  Switches,
  type DeadLetterSummary,
  type LoggedEvent,
  type Problem,
  type ResolutionData,
  type RunStatus,
  type Verdict,
} from '@countersign/contracts';
import { z } from 'zod';
import { Credentials, type Access } from './credentials.js';
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
    readonly code: string | undefined,
  ) {
    super(`${status}: ${detail}`);
  }
}

/** Talks to the HTTP API as any client would, and checks every answer against the published shapes. */
export class Client {
  constructor(
    readonly origins: Origins,
    readonly credentials = new Credentials(),
  ) {}

  startRun(input: string, { key, agent = 'ops', ...rest }: StartOptions = {}): Promise<RunOutput> {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    return this.#send(RunOutput, 'POST', this.#runsOf(agent), { input, ...rest }, headers);
  }

  /** Starts a run as a form does, and returns it once it is paused or over. */
  async startByForm(form: URLSearchParams | FormData, agent = 'ops'): Promise<RunOutput> {
    const request = { method: 'POST', body: form, headers: this.admin };
    return RunOutput.parse(await (await ok(fetch(this.#runsOf(agent), request))).json());
  }

  /** Starts a run and shows what happens to it, as long as the request lasts: to the end, or for a form to a pause. */
  startStream(body: string | URLSearchParams | FormData, agent = 'ops'): Promise<EventStream> {
    return typeof body === 'string'
      ? EventStream.open(`${this.#runsOf(agent)}?stream=true`, {
          method: 'POST',
          headers: { ...this.admin, 'content-type': 'application/json' },
          body: JSON.stringify({ input: body }),
        })
      : EventStream.open(this.#runsOf(agent), { method: 'POST', body, headers: this.admin });
  }

  /** What happens to a run, from its beginning or after an event. */
  events(runId: string, lastEventId?: string): Promise<EventStream> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    return EventStream.open(`${this.origins.runs}/runs/${runId}/events`, { headers: { ...this.admin, ...headers } });
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

  /** @param digest of the call as whoever decides saw it. */
  async resolve(
    id: string,
    status: Verdict,
    by: string,
    resolution_data?: ResolutionData,
    digest?: string,
  ): Promise<Approval> {
    const body = { status, digest, ...(resolution_data && { resolution_data }) };
    const as = await this.as(by);
    return this.#send(Approval, 'POST', `${this.origins.approvals}/approvals/${id}/resolve`, body, as);
  }

  /** The header of the administrator, who may do everything. */
  get admin(): { authorization: string } {
    return bearer(this.credentials.admin);
  }

  /** The header with which a person is known; people are approvers. */
  async as(person: string, access?: Access): Promise<{ authorization: string }> {
    return bearer(await this.credentials.keyOf(person, this.origins.approvals, access));
  }

  /** The data of a command over the bus, with a token of a person for exactly this. */
  async command<D extends object>(type: CommandName, data: D, person: string, access?: Access) {
    return { ...data, token: await this.token({ type, data }, await this.as(person, access)) };
  }

  /** A token for exactly this command, of whoever the header is of. */
  async token(command: { type: CommandName; data: object }, as: Record<string, string>): Promise<string> {
    const made = z.object({ token: z.string() });
    return (await this.#send(made, 'POST', `${this.origins.approvals}/auth/tokens`, { command }, as)).token;
  }

  /** The same client for somebody else, who may do less. */
  async for(person: string, access?: Access): Promise<Client> {
    const key = await this.credentials.keyOf(person, this.origins.approvals, access);
    return new Client(this.origins, new Credentials(key));
  }

  /** Decides approvals as whoever this client is for. */
  resolveMany(
    ids: readonly string[],
    status: Verdict,
    more: { digests?: Record<string, string>; resolution_data?: ResolutionData } = {},
  ): Promise<z.infer<typeof BulkResolveOutcome>> {
    const body = { ids, status, ...more };
    return this.#send(BulkResolveOutcome, 'POST', `${this.origins.approvals}/approvals/resolve`, body);
  }

  comment(id: string, text: string): Promise<Approval> {
    return this.#send(Approval, 'POST', `${this.origins.approvals}/approvals/${id}/comments`, { text });
  }

  grants(query: Record<string, string> = {}): Promise<z.infer<typeof GrantPage>> {
    return this.#send(GrantPage, 'GET', `${this.origins.approvals}/grants?${new URLSearchParams(query)}`);
  }

  revokeGrant(id: string): Promise<Grant> {
    return this.#send(Grant, 'DELETE', `${this.origins.approvals}/grants/${id}`);
  }

  async removeApproval(id: string): Promise<void> {
    await this.#fetch('DELETE', `${this.origins.approvals}/approvals/${id}`);
  }

  /** Approvals as they change. */
  approvalStream(): Promise<EventStream> {
    return EventStream.open(`${this.origins.approvals}/approvals/stream`, { headers: this.admin });
  }

  /** The latest events of all services, newest first. */
  async eventLog(query: Record<string, string> = {}): Promise<LoggedEvent[]> {
    const url = `${this.origins.approvals}/events?${new URLSearchParams(query)}`;
    return (await this.#send(EventList, 'GET', url)).data;
  }

  async deadLetters(query: Record<string, string> = {}): Promise<DeadLetterSummary[]> {
    const url = `${this.origins.approvals}/dead-letters?${new URLSearchParams(query)}`;
    return (await this.#send(DeadLetterPage, 'GET', url)).data;
  }

  deadLetter(id: string): Promise<DeadLetter> {
    return this.#send(DeadLetter, 'GET', `${this.origins.approvals}/dead-letters/${id}`);
  }

  settleDeadLetter(id: string, how: 'replay' | 'discard', note: string): Promise<DeadLetter> {
    return this.#send(DeadLetter, 'POST', `${this.origins.approvals}/dead-letters/${id}/${how}`, { note });
  }

  executions(query: Record<string, string> = {}): Promise<z.infer<typeof ExecutionPage>> {
    return this.#send(ExecutionPage, 'GET', `${this.origins.executions}/executions?${new URLSearchParams(query)}`);
  }

  execution(id: string): Promise<Execution> {
    return this.#send(Execution, 'GET', `${this.origins.executions}/executions/${id}`);
  }

  settle(id: string, outcome: 'succeeded' | 'failed', note: string): Promise<Execution> {
    return this.tell(id, 'resolve-unknown', { outcome, note });
  }

  /** Says something of an execution that only a person can say. */
  tell(id: string, what: 'resolve-unknown' | 'retry' | 'cancel' | 'report', body: object): Promise<Execution> {
    return this.#send(Execution, 'POST', `${this.origins.executions}/executions/${id}/${what}`, body);
  }

  /** Turns a kill switch: of a tool, or of all of them (null). */
  async turn(how: 'pause' | 'resume', tool_name: string | null): Promise<void> {
    const reason = how === 'pause' ? { reason: 'a test' } : {};
    await this.#fetch('POST', `${this.origins.executions}/executions/${how}`, { tool_name, ...reason });
  }

  async switches(): Promise<z.infer<typeof Switches>['data']> {
    return (await this.#send(Switches, 'GET', `${this.origins.executions}/executions/switches`)).data;
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
      headers: { ...this.admin, ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return ok(request);
  }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** @throws HttpError for any answer that is a problem. */
async function ok(request: Promise<Response>): Promise<Response> {
  const response = await request;
  if (response.ok) return response;
  const { detail, errors, code } = (await response.json()) as Problem;
  throw new HttpError(response.status, detail, errors, code);
}
