import type { ContinueRunRequest, ListRunsQuery, RunOutput, RunStatus } from '@countersign/contracts/runs';
import { millisOf, type Seconds } from '@countersign/contracts/time';
import type { Answers } from '../shapes.js';
import type { StreamOptions } from '../stream/event-stream.js';
import { typedStream, type StreamedEvent } from '../stream/typed-stream.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import { everythingOn, type ListQuery } from './lists.js';

export interface NewRun {
  /** What the agent is to do. */
  input: string;
  session_id?: string | undefined;
  /** On whose behalf, for administrators. */
  user_id?: string | undefined;
  /** Seconds after which it ends, however far it is. */
  deadline_in?: Seconds | undefined;
}

export interface StartOptions {
  /** With the same key the same request starts one run, however often it is sent; it is safe to try again. */
  idempotencyKey?: string | undefined;
}

/** Which run, of which agent. */
export type RunName = Pick<RunOutput, 'run_id' | 'agent_id'>;

export interface Waiting {
  /** Until it has one of these. */
  for: readonly RunStatus[];
  /** Maximum wait in seconds; at most 60, default 20. */
  seconds?: Seconds;
}

const events = {
  RunStarted: 'RunEvent',
  RunContent: 'RunEvent',
  RunContentCompleted: 'RunEvent',
  ToolCallStarted: 'RunEvent',
  ToolCallProgress: 'RunEvent',
  ToolCallCompleted: 'RunEvent',
  ToolCallError: 'RunEvent',
  RunPaused: 'RunEvent',
  RunContinued: 'RunEvent',
  RunCompleted: 'RunEvent',
  RunCancelled: 'RunEvent',
  RunError: 'RunEvent',
} as const;
const last: ReadonlySet<string> = new Set([
  'RunCompleted',
  'RunCancelled',
  'RunError',
] satisfies (keyof typeof events)[]);
/** An event of a run; `data` says its name as well. */
export type StreamedRunEvent = StreamedEvent<typeof events>;

/** Runs of agents. */
export class Runs {
  constructor(private readonly transport: Transport) {}

  /** Starts a run, which is stored when this returns and goes on whatever becomes of the caller. */
  start(agentId: string, run: NewRun, { idempotencyKey }: StartOptions = {}): Promise<RunOutput> {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return this.transport.ask('Run', 'POST', pathOf`/agents/${agentId}/runs`, { body: run, headers });
  }

  /**
   * Starts a run as agno's clients do, with a form that has a `message`. @returns the run once it is paused or over,
   * which may take ten minutes
   */
  startByForm(agentId: string, form: FormData | URLSearchParams): Promise<RunOutput> {
    const request = { body: form, timeout_ms: Infinity };
    return this.transport.ask('Run', 'POST', pathOf`/agents/${agentId}/runs`, request);
  }

  /**
   * Starts a run and tells what happens: to its end, or for a form until it is paused. It lasts as long as its one
   * connection; `start` and `events` survive a break.
   */
  startStream(
    agentId: string,
    run: NewRun | FormData | URLSearchParams,
    options: Pick<StreamOptions, 'signal' | 'silence_ms'> = {},
  ): AsyncGenerator<StreamedRunEvent, void> {
    const isForm = run instanceof FormData || run instanceof URLSearchParams;
    const query = isForm ? {} : { stream: true };
    const request = { method: 'POST', path: pathOf`/agents/${agentId}/runs`, query, body: run } as const;
    return typedStream(this.transport, request, events, { ...options, reconnect: false });
  }

  /** Answers what a paused run needs of whoever started it. */
  continue({ agent_id, run_id }: RunName, answers: Omit<ContinueRunRequest, 'stream'>): Promise<RunOutput> {
    return this.transport.ask('Run', 'POST', pathOf`/agents/${agent_id}/runs/${run_id}/continue`, { body: answers });
  }

  cancel({ agent_id, run_id }: RunName, reason?: string): Promise<RunOutput> {
    return this.transport.ask('Run', 'POST', pathOf`/agents/${agent_id}/runs/${run_id}/cancel`, { body: { reason } });
  }

  /**
   * Has a run that ended in ERROR go on from its last step, with all that was answered; one that waits for its model is
   * tried now.
   *
   * @param deadline_in seconds from now
   */
  retry(id: string, deadline_in?: Seconds): Promise<RunOutput> {
    return this.transport.ask('Run', 'POST', pathOf`/runs/${id}/retry`, { body: { deadline_in } });
  }

  get(id: string, signal?: AbortSignal): Promise<RunOutput> {
    return this.transport.ask('Run', 'GET', pathOf`/runs/${id}`, { signal });
  }

  /** The run once it has one of the statuses, or as it is when the time is up. */
  waitFor(id: string, { for: statuses, seconds = 20 }: Waiting, signal?: AbortSignal): Promise<RunOutput> {
    return this.transport.ask('Run', 'GET', pathOf`/runs/${id}`, {
      query: { wait_for: statuses, timeout: seconds },
      timeout_ms: millisOf(seconds) + this.transport.timeout_ms,
      signal,
    });
  }

  /** A page of runs, newest first. */
  list(query: ListQuery<typeof ListRunsQuery> = {}, signal?: AbortSignal): Promise<Answers['RunPage']> {
    return this.transport.ask('RunPage', 'GET', '/runs', { query, signal });
  }

  /** All that fit, page by page as they are needed. */
  all(
    query: Omit<ListQuery<typeof ListRunsQuery>, 'page'> = {},
    signal?: AbortSignal,
  ): AsyncGenerator<RunOutput, void> {
    return everythingOn((place) => this.list({ ...query, ...place }, signal));
  }

  /** What happens to a run, from its beginning or after an event, through its pauses to its end. */
  async *events(id: string, options?: StreamOptions): AsyncGenerator<StreamedRunEvent, void> {
    for await (const event of typedStream(this.transport, { path: pathOf`/runs/${id}/events` }, events, options)) {
      yield event;
      if (last.has(event.event)) return;
    }
  }
}
