import { noTracing } from '@countersign/service';
import type { Event, Log } from '@countersign/contracts';
import type { Call, ConversationItem, Run, Session } from '@countersign/contracts/runs';
import { atMillis, type Clock } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { CommandHandler, WorkPool, type Commit, type Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import type { CallContext, ToolFunction } from '@countersign/tool';
import { expect, vi } from 'vitest';
import {
  agentVersionCollection,
  AgentVersions,
  decideAgentVersion,
  type AgentVersion,
} from '../src/agents/agent-versions.js';
import { ModelError, type Model, type ModelRequest, type ModelResponse } from '../src/model/model.js';
import { agent, byCaller, callIn, requested, responded } from './run.fixtures.js';
import type { RunMessage } from '../src/run/messages.js';
import { decideRun } from '../src/run/run.js';
import { backlog } from '../src/dispatch/queue.js';
import { RunDispatcher } from '../src/dispatch/run-dispatcher.js';
import { decideSession, type SessionMessage, type SessionRejection } from '../src/sessions/session.js';
import { Sessions } from '../src/sessions/sessions.js';
import type { RunRejection } from '../src/run/states.js';

/** Runners in one process or as several, on a store of their own, for specifications. */
export const soon = { timeout: 5_000, interval: 5 };

export const silent: Log = { info() {}, warn() {}, error() {} };
export const agentVersionsIn = (
  store: Store<AgentVersion>,
  now: Clock,
  publish: (events: readonly Event[]) => void = () => {},
) =>
  new CommandHandler({
    collection: agentVersionCollection,
    store,
    decide: decideAgentVersion,
    source: '/r',
    publish,
    now,
  });
const answer = (...items: ConversationItem[]): ModelResponse => responded(...items).response;
/** A request for a run, by default alone in its session. */
export const request = (run_id: string, change: Partial<RequestOf['run']> = {}): RunMessage => ({
  type: 'requested',
  run: { ...(requested as RequestOf).run, run_id, session_id: run_id, ...change },
});
type RequestOf = Extract<RunMessage, { type: 'requested' }>;

/** A question that the model was asked, to be answered by the specification. */
interface Question extends ModelRequest {
  answer(...items: ConversationItem[]): void;
  fail(error: Error): void;
}

/** Asks the specification; like a real one it stops when it is told to. */
class AskedModel implements Model {
  readonly provider = 'vitest';
  readonly description = 'the specification';
  readonly questions: Question[] = [];

  respond(request: ModelRequest): Promise<ModelResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ModelResponse>();
    request.signal.addEventListener('abort', () => reject(new ModelError('aborted', 5_000)));
    this.questions.push({ ...request, answer: (...items) => resolve(answer(...items)), fail: reject });
    return promise;
  }

  /** Waits for the nth question. */
  async asked(n = 1): Promise<Question> {
    await expect.poll(() => this.questions.length, soon).toBeGreaterThanOrEqual(n);
    return this.questions[n - 1]!;
  }
}

interface HeldCall extends CallContext {
  args: Record<string, unknown>;
  end(output: string): void;
  fail(error: Error): void;
}

/** A function of a tool whose calls the specification ends. */
export class HeldFunction {
  readonly calls: HeldCall[] = [];
  readonly run: ToolFunction = (args, context) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.calls.push({ args, ...context, end: resolve, fail: reject });
    return promise;
  };

  async called(n = 1): Promise<HeldCall> {
    await expect.poll(() => this.calls.length, soon).toBeGreaterThanOrEqual(n);
    return this.calls[n - 1]!;
  }
}

/** The agents of a process, which the specification may change. */
class GivenAgents {
  readonly agents = new Map<string, Agent>([[agent.id, agent]]);
  readonly away = new Map<string, string>();
  readonly functions = new Map<string, ToolFunction>();

  get(id: string) {
    return this.agents.get(id);
  }
  missing(id: string) {
    return this.away.get(id);
  }
  functionOf(tool: string) {
    return this.functions.get(tool);
  }
}

/** A store that can be out of reach, refuse, lose its replies, or be that of a process that is gone. */
export class TroubledStore implements Store<Run> {
  /** Asked before each commit; what it returns is thrown. */
  refuse: (commit: Commit<Run>) => Error | undefined = () => undefined;
  /** Asked after each commit is stored; what it returns is thrown nevertheless. */
  loseReply: (commit: Commit<Run>) => Error | undefined = () => undefined;
  readonly #gone = Promise.withResolvers<never>();
  #crashed = false;

  constructor(private readonly store: Store<Run>) {
    this.#gone.promise.catch(() => {});
  }

  /** Nothing that the process does from now on has an effect. */
  crash(): void {
    this.#crashed = true;
  }
  /** Lets what a crashed process still waits for end. */
  bury(): void {
    this.crash();
    this.#gone.reject(new Error('the process is gone'));
  }

  get: Store<Run>['get'] = (id) => this.#unlessGone(() => this.store.get(id));
  find: Store<Run>['find'] = (query) => this.#unlessGone(() => this.store.find(query));
  count: Store<Run>['count'] = (filter) => this.#unlessGone(() => this.store.count(filter));
  remove: Store<Run>['remove'] = (filter, limit) => this.#unlessGone(() => this.store.remove(filter, limit));

  async commit(commit: Commit<Run>): Promise<Event[]> {
    const refused = this.refuse(commit);
    if (refused) throw refused;
    const events = await this.#unlessGone(() => this.store.commit(commit));
    const lost = this.loseReply(commit);
    if (lost) throw lost;
    return events;
  }

  #unlessGone<T>(work: () => Promise<T>): Promise<T> {
    return this.#crashed ? this.#gone.promise : work();
  }
}

export type Process = ReturnType<Given['open']>;

const collections = {
  runs: { name: 'runs', key: 'run_id', indexes: [['due_at']] },
  sessions: { name: 'sessions', key: 'session_id', indexes: [] },
} as const;

/** A database, a clock, a model and functions, and any number of processes that work with them. */
export class Given {
  clock = atMillis(1_000_000);
  readonly published: Event[] = [];
  readonly model = new AskedModel();
  readonly store: Store<Run>;
  readonly #database = openTemporaryDatabase();
  readonly #sessions: Store<Session>;
  readonly #versions;
  readonly #held: HeldFunction[] = [];
  readonly #processes: { stop(): Promise<void>; store: TroubledStore }[] = [];

  constructor() {
    const { database } = this.#database;
    this.store = database.collection<Run>(collections.runs).store;
    this.#sessions = database.collection<Session>(collections.sessions).store;
    this.#versions = database.collection(agentVersionCollection).store;
  }

  /** @param deaf whoever's turn comes is not told. @param fresh throws where another version of the file is in force. */
  open({ size = 8, leaseMs = 30_000, deaf = false, fresh = async (_looks: boolean) => {} } = {}) {
    const now = () => this.clock;
    const store = new TroubledStore(this.store);
    const publish = (events: readonly Event[]) => void this.published.push(...events);
    const runs = new CommandHandler<Run, RunMessage, RunRejection>({
      collection: collections.runs,
      store,
      decide: decideRun,
      source: '/r',
      publish,
      now,
    });
    const sessions = new Sessions({
      sessions: new CommandHandler<Session, SessionMessage, SessionRejection>({
        collection: collections.sessions,
        store: this.#sessions,
        decide: decideSession,
        source: '/r',
        publish,
        now,
      }),
      runs: store,
      wake: async (id) => (deaf ? undefined : runner.handle(id, { type: 'turn_came' })),
      log: silent,
    });
    const agents = new GivenAgents();
    const tookOver = vi.fn<() => void>();
    const previewed: { step: number; offset: number; text: string }[] = [];
    const runner: RunDispatcher = new RunDispatcher({
      fresh,
      runs,
      pool: () => pool,
      agents,
      versions: new AgentVersions(agentVersionsIn(this.#versions, now), now, silent),
      sessions,
      model: this.model,
      tracing: noTracing,
      preview: ({ steps }, offset, text) => void previewed.push({ step: steps, offset, text }),
      changed: () => {},
      tookOver,
      leaseMs,
      now,
      log: silent,
    });
    const pool: WorkPool<Run> = new WorkPool<Run>({
      store,
      size,
      now,
      log: silent,
      onDue: (run, place) => runner.onDue(run, place),
      backlog,
      pollEveryMs: 5,
    });
    const stop = () => pool.stop(1_000);
    const hold = (tool: string) => {
      const held = new HeldFunction();
      this.#held.push(held);
      agents.functions.set(tool, held.run);
      return held;
    };
    this.#processes.push({ stop, store });
    return { runner, pool, agents, store, runs, sessions, previewed, tookOver, hold, stop };
  }

  async run(id = 'run-1'): Promise<Run> {
    return (await this.store.get(id))!;
  }

  /** Waits until the run is like this. */
  async until(like: Partial<Run>, id = 'run-1'): Promise<Run> {
    await expect.poll(() => this.run(id), soon).toMatchObject(like);
    return this.run(id);
  }

  /** Starts the run `run-1`. */
  begin({ runner }: Process, change: Parameters<typeof request>[1] = {}) {
    return runner.handle('run-1', request('run-1', change));
  }

  /** Whoever started the run lets a call be made, once it is asked for. */
  async confirm({ runner }: Process, tool_call_id: string): Promise<void> {
    await expect.poll(() => this.stateOf(tool_call_id), soon).toBe('asked');
    await runner.handle('run-1', byCaller({ id: callIn(await this.run(), tool_call_id).id, confirmed: true }));
  }

  async stateOf(tool_call_id: string): Promise<Call['state'] | undefined> {
    return (await this.run()).calls.find(({ tool_execution }) => tool_execution.tool_call_id === tool_call_id)?.state;
  }

  /** What the model was told of a call with the nth question. */
  async outputOf(n: number, call_id: string): Promise<unknown> {
    const { conversation } = await this.model.asked(n);
    return conversation.find((item) => item.type === 'function_call_output' && item['call_id'] === call_id)?.['output'];
  }

  async session(id: string): Promise<Session | undefined> {
    return this.#sessions.get(id);
  }

  async close(): Promise<void> {
    for (const { calls } of this.#held) for (const call of calls) call.fail(new Error('the specification is over'));
    await Promise.all(
      this.#processes.map(async ({ stop, store }) => {
        store.bury();
        await stop();
      }),
    );
    this.#database.close();
  }
}
