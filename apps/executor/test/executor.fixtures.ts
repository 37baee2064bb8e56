import type { Event, Log } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import { atMillis, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { toolVersion, type ToolDefinition } from '@countersign/definitions';
import { CommandHandler, WorkPool, type Store } from '@countersign/persistence';
import { Metrics, type Alarms, noTracing } from '@countersign/service';
import { goldenEvent, openTemporaryDatabase } from '@countersign/testing';
import { setImmediate } from 'node:timers/promises';
import { vi, type Mock } from 'vitest';
import type { Adapter, ApprovedCall, Outcome, Watch } from '../src/adapters/adapter.js';
import { ConcurrencyKeys, keyCollection, type ConcurrencyKeyHolder } from '../src/execution/concurrency-keys.js';
import { terms } from './execution.fixtures.js';
import { decideExecution } from '../src/execution/execution.js';
import type { ExecutionMessage } from '../src/execution/messages.js';
import { ExecutionMetrics } from '../src/dispatch/execution-metrics.js';
import { Executions } from '../src/execution/executions.js';
import { ExecutionDispatcher, type ExecutorOptions } from '../src/dispatch/execution-dispatcher.js';
import { lastLook } from '../src/dispatch/last-look.js';
import { outputCollection, Outputs } from '../src/results/outputs.js';
import { backlog, startable } from '../src/dispatch/startable.js';
import { decideSwitch, type SwitchMessage, type SwitchRecord } from '../src/kill-switch/switch.js';
import { switchCollection, Switches } from '../src/kill-switch/switches.js';
import type { Tool, Tools } from '../src/tools/tool.js';
import { CallExecutor, type WorkerOptions } from '../src/dispatch/call-executor.js';
import type { ExecutionRejection } from '../src/execution/state.js';

/** What must not get out of any executor. */
export const secret = 'hunter2-hunter2';
export const soon = { timeout: 5_000, interval: 5 };
const aTool: ToolDefinition = {
  name: 'deploy_to_production',
  description: '',
  parameters: { type: 'object' },
  approval: 'required',
  requires: 'external_execution',
  user_input: [],
  redact: [],
  max_output: 20_000,
  made_by: 'executor',
};
const madeByPerson: ToolDefinition = { ...aTool, made_by: 'person' };
/** Of a call of `ask_person`, as it is. */
export const askPersonVersion = toolVersion(madeByPerson);
const golden = goldenEvent('approval.resolved');
export const approval = { ...golden, data: { ...golden.data, tool_version: toolVersion(aTool) } };
export const id = approval.data.approval_id;

/** Leaves every call to the test. */
class HeldAdapter implements Adapter {
  readonly calls: { call: ApprovedCall; watch: Watch; end: PromiseWithResolvers<Outcome> }[] = [];

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    await watch.lastLook();
    const end = Promise.withResolvers<Outcome>();
    this.calls.push({ call, watch, end });
    return end.promise;
  }
}

interface Opened {
  size?: number;
  leaseMs?: Millis;
  tool?: Partial<Tool>;
  guard?: Partial<ExecutorOptions['guard']>;
  requests?: ExecutorOptions['requests'];
  configuration?: WorkerOptions['configuration'];
}

const believing: ExecutorOptions['requests'] = { problemWithEnd: async () => undefined };

/** Executors on one store, with a clock and a tool that the test has in its hands. */
export class ExecutorWorld {
  clock = atMillis(1_000_000);
  /** When the records of the executors begin. */
  recordsSince = atMillis(0);
  expiredBefore = atMillis(0);
  readonly published: Event[] = [];
  /** What is only a preview. */
  readonly told: Event[] = [];
  readonly adapter = new HeldAdapter();
  readonly store: Store<Execution>;
  readonly executions: Executions;
  readonly outputs: Outputs;
  readonly switches: Switches;
  readonly #tools = new Map<string, Tool>([
    ['other', { definition: aTool, adapter: this.adapter, terms: () => terms }],
    ['ask_person', { definition: madeByPerson, terms: () => terms }],
  ]);
  readonly tools: Tools = { get: (name) => this.#tools.get(name), names: () => [...this.#tools.keys()] };
  readonly #keys: ConcurrencyKeys;
  readonly #holders: Store<ConcurrencyKeyHolder>;
  readonly #closeDatabase: () => void;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly log: Record<keyof Log, Mock> = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  readonly alarms: Record<keyof Alarms, Mock> = { refused: vi.fn() };

  constructor() {
    const { close, database } = openTemporaryDatabase();
    this.#closeDatabase = close;
    const collection = { name: 'executions', key: 'id' as const, indexes: [['due_at']] };
    this.store = database.collection<Execution>(collection).store;
    const about = {
      source: '/executor',
      publish: (events: readonly Event[]) => void this.published.push(...events),
      now: this.now,
    };
    const commandHandler = new CommandHandler<Execution, ExecutionMessage, ExecutionRejection>({
      collection,
      store: this.store,
      decide: decideExecution,
      ...about,
    });
    const switches = database.collection(switchCollection).store;
    this.switches = new Switches(
      new CommandHandler<SwitchRecord, SwitchMessage>({
        collection: switchCollection,
        store: switches,
        decide: decideSwitch,
        ...about,
      }),
      this.tools,
    );
    this.#holders = database.collection(keyCollection).store;
    this.#keys = new ConcurrencyKeys(this.#holders, this.store, this.now, () => this.switches.paused());
    this.executions = new Executions(commandHandler, this.#keys, this.log);
    this.outputs = new Outputs(database.collection(outputCollection).store, this.now);
  }

  readonly now = (): EpochMillis => this.clock;

  /** One instance. */
  open({
    size = 4,
    leaseMs = 30_000,
    tool = {},
    guard = {},
    requests = believing,
    configuration = { digest: 'first', fresh: async () => {} },
  }: Opened = {}) {
    const { executions, switches, outputs, now, log, alarms } = this;
    this.#tools.set('deploy_to_production', { ...this.#tools.get('other')!, ...tool });
    const tools = this.tools;
    const publish = async (event: Event) => void this.told.push(event);
    const metrics = new ExecutionMetrics(new Metrics(), executions.store, () => [], now);
    const look = lastLook({ switches, keys: this.#keys, executions: executions.store, leaseMs, now });
    const looks: Promise<unknown>[] = [];
    const worker = new CallExecutor({
      configuration,
      executions,
      tools,
      secrets: { list: () => [secret] },
      tracing: noTracing,
      outputs,
      keepOutput: 1_000,
      publish,
      metrics,
      lastLook(of) {
        const looked = look(of);
        looks.push(looked);
        return looked;
      },
      leaseMs,
      now,
      log,
    });
    const sound = async () => ({ kind: 'sound' }) as const;
    const executor: ExecutionDispatcher = new ExecutionDispatcher({
      configuration,
      executions,
      keys: this.#keys,
      switches,
      guard: { examine: sound, verifyStored: sound, ...guard },
      pool: () => pool,
      tools,
      worker,
      leaseMs,
      now,
      recordsSince: () => this.recordsSince,
      expiredBefore: () => this.expiredBefore,
      alarms,
      requests,
    });
    // A test that had a call accepted finds it with its target.
    const accept = executor.accept.bind(executor);
    executor.accept = async (event) => {
      await accept(event);
      await Promise.allSettled(looks);
      await setImmediate();
    };
    const filters = () => startable(switches);
    const pool = new WorkPool<Execution>({
      store: this.store,
      size,
      now,
      log,
      onDue: (execution, permit) => executor.onDue(execution, permit),
      filters,
      backlog: backlog(switches),
      pollEveryMs: 5,
    });
    this.#stops.push(() => pool.stop(1_000));
    return { executor, pool, worker };
  }

  /** Declares a tool otherwise. */
  declare(name: string, tool: Partial<Tool>): void {
    this.#tools.set(name, { ...this.#tools.get(name)!, ...tool });
  }

  /** Has the calls of a tool made one at a time. */
  addKey(name: string, concurrencyKey: NonNullable<Tool['concurrencyKey']>): void {
    this.#tools.set(name, { ...this.#tools.get(name)!, concurrencyKey });
  }

  /** As if the key had been handed to this execution. */
  async giveKey(key: string, execution_id: string): Promise<void> {
    const known = await this.#holders.get(key);
    const state = { ...known!, execution_id, version: known!.version + 1 };
    await this.#holders.commit({ expected: known!.version, state, events: [] });
  }

  async execution(of = id): Promise<Execution> {
    return (await this.store.get(of))!;
  }

  typesOf(): string[] {
    return [...new Map(this.published.map((event) => [event.id, event.type])).values()];
  }

  async close(): Promise<void> {
    for (const { end } of this.adapter.calls) end.resolve({ outcome: 'failed', error: 'the test is over' });
    for (const stop of this.#stops) await stop();
    this.#closeDatabase();
  }
}
