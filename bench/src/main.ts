import type { ServiceName } from '@countersign/contracts';
import { InfraUnavailable, startKafka, startMongo } from '@countersign/infra';
import { newServiceKeys } from '@countersign/testing/service-keys';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureApprovals, type Approvals } from './approvals/approvals.js';
import { startChild } from './child.js';
import { access } from './credentials.js';
import { measureExecutions, measureScaling, type Executions, type Scaling } from './executions/executions.js';
import { measureBundle, type Bundle } from './inbox/bundle.js';
import { measureRecord } from './record/cost.js';
import { measureEntries, type Entries } from './record/entries.js';
import { measureIdle, type Idle } from './runs/idle.js';
import { measureAll, type Load, type Measured } from './cycles/load.js';
import { machine } from './machine.js';
import { cycleOverHttp } from './cycles/over-http.js';
import {
  approvalTables,
  bundleTable,
  chainsTable,
  executionsTable,
  gateTable,
  heldTable,
  idleTable,
  loadTable,
  scaleInTable,
  recordTables,
  scalingTable,
  workersTable,
  type RecordCost,
  waitingTable,
  type Row,
} from './report.js';
import { measureWorkers } from './scaling/workers.js';
import { untilReady } from './service.js';
import { measureGate, type GateCost } from './gate/gate-cost.js';
import { measureWaiting, type Waiting } from './gate/waiting.js';
import { measureChains, measureHeld, type Chains, type Held } from './runs/runner.js';

type Way = Row['way'];
type Env = Record<string, string>;

interface Stack {
  name: Row['stack'];
  /** For one start of a program: nothing is left of the one before. */
  fresh(): { env: Env; discard(): void };
  /** What runs as one process when a load comes over HTTP. */
  processes: ServiceName[][];
  idle: string[];
  stop(): Promise<void>;
}

const all: ServiceName[] = ['agent-runner', 'approval-service', 'executor'];

function embedded(): Stack {
  return {
    name: 'embedded',
    fresh() {
      const DATA_DIR = temporary();
      return { env: { ...access, DATA_DIR }, discard: () => rmSync(DATA_DIR, { recursive: true }) };
    },
    processes: [all],
    idle: ['standalone'],
    stop: async () => {},
  };
}

async function distributed(): Promise<Stack> {
  const dir = temporary();
  const [kafka, mongo] = await Promise.all([
    startKafka({ dir: join(dir, 'kafka'), optimizing: true }),
    startMongo({ dir: join(dir, 'mongo'), memory: true, optimizing: true }),
  ]);
  const keys = await newServiceKeys();
  let databases = 0;
  return {
    name: 'Kafka + MongoDB',
    fresh() {
      databases += 1;
      // An empty store beside a log that was used is refused.
      const fresh = { MONGODB_URI: `${mongo.uri}_${databases}`, KAFKA_PREFIX: `bench${databases}.` };
      const env = { ...access, ...keys, KAFKA_BROKERS: kafka.brokers, ...fresh, DATA_DIR: dir };
      return { env, discard: () => {} };
    },
    processes: all.map((name) => [name]),
    idle: all,
    async stop() {
      await Promise.all([kafka.stop(), mongo.stop()]);
      rmSync(dir, { recursive: true });
    },
  };
}

/** Servers on the JVM are several times slower at first. */
const warmUp: Load[] = [{ concurrency: 64, warmUp: 0, seconds: 8 }];

const temporary = (): string => mkdtempSync(join(tmpdir(), 'countersign-bench-'));

/** One program on one stack: a process that measures itself. */
async function measureProgram(module: string, env: Env, loads: Load[]): Promise<Measured[]> {
  const child = startChild({ module, task: { env, loads } });
  const { measured } = await child.next<{ measured: Measured[] }>(170);
  await child.ended;
  return measured;
}

/** The services as processes of their own, and this process as their clients. */
async function measureHttp(env: Env, processes: ServiceName[][], loads: Load[]): Promise<Measured[]> {
  const children = processes.map((names) => ({
    names,
    child: startChild({ module: './cycles/service-process.js', task: { env, names } }),
  }));
  try {
    const urls = new Map<ServiceName, string>();
    for (const { names, child } of children) {
      const { url } = await child.next<{ url: string }>(60);
      for (const name of names) urls.set(name, url);
    }
    await Promise.all([...urls.values()].map(untilReady));
    const origins = { runs: urls.get('agent-runner')!, approvals: urls.get('approval-service')! };
    return await measureAll(() => cycleOverHttp(origins), loads);
  } finally {
    await Promise.all(children.map(({ child }) => child.stop()));
  }
}

async function measureLoads(stack: Stack, model: string, loads: Load[], repeat: number): Promise<Row[]> {
  const rows: Row[] = [];
  console.error(`${stack.name}: warming up`);
  const first = stack.fresh();
  await measureProgram('./cycles/limit.js', { ...first.env, OPENAI_BASE_URL: model }, warmUp);
  first.discard();
  for (let n = 1; n <= repeat; n += 1) {
    for (const way of ['product', 'limit', 'http'] as const satisfies Way[]) {
      const { env, discard } = stack.fresh();
      console.error(`${stack.name}: ${way}, ${n} of ${repeat}`);
      const withModel = { ...env, OPENAI_BASE_URL: model };
      const measured =
        way === 'http'
          ? await measureHttp(withModel, stack.processes, loads)
          : await measureProgram(`./cycles/${way}.js`, withModel, loads);
      discard();
      rows.push(...measured.map((each) => ({ stack: stack.name, way, ...each })));
    }
  }
  return rows;
}

/** A hundred runs of three model calls of 2 s, on one runner and, where they can share, on two. */
async function measureRuns({ name: stack, processes, fresh }: Stack): Promise<Chains[]> {
  const measured: Chains[] = [];
  for (const runners of processes.length > 1 ? [1, 2] : [1]) {
    console.error(`${stack}: 100 runs at once on ${runners} runner(s)`);
    const { env, discard } = fresh();
    measured.push(await measureChains({ stack, env, runners }, { runs: 100, calls: 3, seconds: 2 }));
    discard();
  }
  return measured;
}

async function measurePaused(model: string, total: number): Promise<Held[]> {
  console.error(`${total} paused runs on one runner`);
  const { env, discard } = embedded().fresh();
  const measured = await measureHeld({ ...env, OPENAI_BASE_URL: model }, total);
  discard();
  return measured;
}

/** What the gate adds to a call of an agent that runs elsewhere. */
async function measureGates({ name: stack, idle: apps, fresh }: Stack): Promise<GateCost[]> {
  console.error(`${stack}: calls of agents that run elsewhere`);
  const { env, discard } = fresh();
  const measured = await measureGate({ stack, env, apps }, { levels: [1, 16], seconds });
  discard();
  return measured;
}

/** Calls of agents that run elsewhere, which nobody decides. */
async function measureCallers({ name: stack, idle: apps, fresh }: Stack, total: number): Promise<Waiting[]> {
  const { env, discard } = fresh();
  // One by one there are as many connections as calls; on servers that would take most of the time.
  const together = apps.length > 1 ? 10 : 1;
  const measured = await measureWaiting({ stack, env, apps }, { total, callers: 100, together });
  discard();
  return measured;
}

const { values: options } = parseArgs({
  options: {
    embedded: { type: 'boolean', default: false },
    kafka: { type: 'boolean', default: false },
    cycles: { type: 'boolean', default: false },
    idle: { type: 'boolean', default: false },
    inbox: { type: 'boolean', default: false },
    runner: { type: 'boolean', default: false },
    approvals: { type: 'boolean', default: false },
    executor: { type: 'boolean', default: false },
    scaling: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    waiting: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const chosen = options.embedded || options.kafka;
const [repeat, seconds, idleSeconds] = options.quick ? [1, 2, 5] : [3, 5, 20];
const loads: Load[] = [1, 16, 128].map((concurrency) => ({ concurrency, warmUp: 1, seconds }));

const stacks: Stack[] = [];
const rows: Row[] = [];
let idle: Idle[] = [];
let bundle: Bundle | undefined;
const gates: GateCost[] = [];
const waiting: Waiting[] = [];
let held: Held[] = [];
let decisions: Approvals | undefined;
const chains: Chains[] = [];
const executions: Executions[] = [];
let scaling: Scaling[] = [];
let scaled: Awaited<ReturnType<typeof measureWorkers>> | undefined;
const costs: RecordCost[] = [];
let entries: Entries | undefined;
const model = startChild({ module: './cycles/model-process.js' });
try {
  const { url } = await model.next<{ url: string }>(10);
  if (options.embedded || !chosen) stacks.push(embedded());
  if (options.kafka || !chosen) stacks.push(await distributed());
  const { cycles, runner, approvals, executor, gate, waiting: callers, scaling: workers, record } = options;
  const only = [cycles, runner, approvals, executor, gate, callers, workers, record, options.idle, options.inbox];
  const everything = !only.includes(true);
  if (everything || cycles) for (const stack of stacks) rows.push(...(await measureLoads(stack, url, loads, repeat)));
  if (everything || runner) {
    for (const stack of stacks) chains.push(...(await measureRuns(stack)));
    held = await measurePaused(url, options.quick ? 1_000 : 10_000);
  }
  if (everything || approvals) decisions = await measureApprovals(options.quick);
  if (everything || executor) {
    const keys = await newServiceKeys();
    for (const stack of stacks) executions.push(...(await measureExecutions(stack, keys, loads, repeat)));
    for (const { fresh, processes } of stacks) if (processes.length > 1) scaling = await measureScaling(fresh, keys);
  }
  if (everything || options.inbox) bundle = measureBundle();
  if (everything || workers)
    for (const { fresh, processes } of stacks) if (processes.length > 1) scaled = await measureWorkers(fresh);
  if (everything || record) {
    costs.push(...(await measureRecord({ fresh: embedded().fresh, model: url, loads, repeat })));
    entries = measureEntries(options.quick ? 100_000 : 1_000_000);
  }
  if (everything || gate) for (const stack of stacks) gates.push(...(await measureGates(stack)));
  if (everything || callers)
    for (const stack of stacks) waiting.push(...(await measureCallers(stack, options.quick ? 1_000 : 10_000)));
  if (everything || options.idle) {
    console.error(`idle for ${idleSeconds} seconds`);
    const apps = stacks.flatMap(({ idle: names, name: stack, fresh }) =>
      names.map((app) => ({ app, stack, env: fresh().env })),
    );
    idle = await measureIdle(apps, idleSeconds);
  }
} catch (error) {
  if (!(error instanceof InfraUnavailable)) throw error;
  console.error(`${error.message}\nWithout Kafka and MongoDB: npm run bench -- --embedded`);
  process.exitCode = 1;
} finally {
  await Promise.all([model.stop(), ...stacks.map((stack) => stack.stop())]);
}

const tables = [
  loadTable(rows),
  chainsTable(chains),
  heldTable(held),
  ...approvalTables(decisions),
  executionsTable(executions),
  scalingTable(scaling),
  workersTable(scaled?.workers ?? []),
  scaleInTable(scaled?.scaleIn),
  ...recordTables(costs, entries),
  gateTable(gates),
  waitingTable(waiting),
  idleTable(idle),
  bundleTable(bundle),
];
console.log(tables.filter((table) => table !== '').join('\n\n'));
const results = fileURLToPath(new URL('../results/', import.meta.url));
mkdirSync(results, { recursive: true });
const file = join(results, `${new Date().toISOString().replaceAll(':', '-')}.json`);
const counts = { rows, chains, held, decisions, executions, scaling, scaled };
const measured = { ...counts, costs, entries, gates, waiting, idle, bundle };
writeFileSync(file, JSON.stringify({ machine: machine(), options, ...measured }, null, 2));
console.log(`\nIn full: ${file}`);
