import { CountersignClient, type Command, type ServiceUrls } from '@countersign/client';
import { shapes } from '@countersign/client/shapes';
import type { Approval, BulkResolveOutcome, ResolutionData, DecisionVerdict } from '@countersign/contracts/approvals';
import type { DeadLetterStatus, DeadLetterSummary } from '@countersign/contracts/event-log';
import type { Execution } from '@countersign/contracts/executions';
import type { RunOutput, RunStatus } from '@countersign/contracts/runs';
import type { z } from 'zod';
import { Credentials, type Access } from './credentials.js';
import { EventStream } from './event-stream.js';

export interface StartOptions {
  agent?: string;
  user_id?: string;
  session_id?: string;
  deadline_in?: number;
  /** For `Idempotency-Key`. */
  key?: string;
}

/** The client as scenarios use it: what an administrator asks, what people do, and every answer checked. */
export class Client extends CountersignClient {
  constructor(
    readonly origins: ServiceUrls,
    readonly credentials = new Credentials(),
  ) {
    super({ url: origins, key: credentials.admin, shapes });
  }

  startRun(input: string, { key, agent = 'ops', ...rest }: StartOptions = {}): Promise<RunOutput> {
    return this.runs.start(agent, { input, ...rest }, { idempotencyKey: key });
  }

  /** Starts a run as a form does, and returns it once it is paused or over. */
  startByForm(form: URLSearchParams | FormData, agent = 'ops'): Promise<RunOutput> {
    return this.runs.startByForm(agent, form);
  }

  /** Starts a run and shows what happens to it, as long as the request lasts: to the end, or for a form to a pause. */
  startStream(input: string | URLSearchParams | FormData, agent = 'ops'): Promise<EventStream> {
    const run = typeof input === 'string' ? { input } : input;
    return EventStream.of((options) => this.runs.startStream(agent, run, options));
  }

  /** What happens to a run, from its beginning or after an event. */
  watchRun(runId: string, after?: string): Promise<EventStream> {
    return EventStream.of((options) => this.runs.events(runId, { ...options, after }));
  }

  /** Approvals as they change. */
  watchApprovals(): Promise<EventStream> {
    return EventStream.of((options) => this.approvals.stream(options));
  }

  /** The run once it has one of the statuses, or as it is after `seconds`. */
  waitForRun(runId: string, statuses: readonly RunStatus[], seconds = 20): Promise<RunOutput> {
    return this.runs.waitFor(runId, { for: statuses, seconds });
  }

  cancelRun(run_id: string, reason: string, agent_id = 'ops'): Promise<RunOutput> {
    return this.runs.cancel({ run_id, agent_id }, reason);
  }

  /** @param digest of the call as whoever decides saw it. */
  async resolve(
    id: string,
    status: DecisionVerdict,
    by: string,
    resolution_data?: ResolutionData,
    digest?: string,
  ): Promise<Approval> {
    return (await this.for(by)).approvals.resolve(id, { status, digest, resolution_data });
  }

  /** Decides approvals as whoever this client is for. */
  resolveMany(
    ids: readonly string[],
    status: DecisionVerdict,
    more: { digests?: Record<string, string>; resolution_data?: ResolutionData } = {},
  ): Promise<z.infer<typeof BulkResolveOutcome>> {
    return this.approvals.resolveMany({ ids, status, ...more });
  }

  /** Says what came of a call whose outcome is unknown. */
  settle(id: string, outcome: 'succeeded' | 'failed', note: string): Promise<Execution> {
    return this.executions.resolveUnknown(id, { outcome, note });
  }

  /** Turns a kill switch: of a tool, or of all of them (null). */
  async turn(how: 'pause' | 'resume', tool_name: string | null): Promise<void> {
    await (how === 'pause' ? this.executions.pause(tool_name, 'a test') : this.executions.resume(tool_name));
  }

  async letters(
    query: { status?: DeadLetterStatus; topic?: string; group?: string; code?: string; limit?: number } = {},
  ): Promise<DeadLetterSummary[]> {
    return (await this.deadLetters.list(query)).data;
  }

  /** The header of the administrator, who may do everything. */
  get admin(): { authorization: string } {
    return bearer(this.credentials.admin);
  }

  /** The header with which a person is known; people are approvers. */
  async as(person: string, access?: Access): Promise<{ authorization: string }> {
    return bearer(await this.credentials.keyOf(person, this.origins.approvals, access));
  }

  /** The same client for somebody else, who may do less. */
  async for(person: string, access?: Access): Promise<Client> {
    return new Client(
      this.origins,
      new Credentials(await this.credentials.keyOf(person, this.origins.approvals, access)),
    );
  }

  /** The data of a command over the bus, with a token of a person for exactly this. */
  async command<D extends object>(type: Command['type'], data: D, person: string, access?: Access) {
    const { token } = await (await this.for(person, access)).auth.commandToken({ type, data });
    return { ...data, token };
  }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
