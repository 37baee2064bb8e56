import type { ServiceName } from '@countersign/contracts';
import { InfraUnavailable, startKafka, startMongo } from '@countersign/infra';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startChild } from './child.js';
import { measureIdle, type Idle } from './idle.js';
import { measureAll, type Load, type Measured } from './load.js';
import { machine } from './machine.js';
import { cycleOverHttp } from './over-http.js';
import { idleTable, loadTable, type Row } from './report.js';

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
      return { env: { DATA_DIR }, discard: () => rmSync(DATA_DIR, { recursive: true }) };
    },
    processes: [all],
    idle: ['standalone'],
    stop: async () => {},
  };
}

async function distributed(): Promise<Stack> {
  const dir = temporary();
  const [kafka, mongo] = await Promise.all([
    startKafka({ dir: join(dir, 'kafka') }),
    startMongo({ dir: join(dir, 'mongo'), memory: true }),
  ]);
  let databases = 0;
  return {
    name: 'Kafka + MongoDB',
    fresh() {
      const MONGODB_URI = `${mongo.uri}_${(databases += 1)}`;
      return { env: { KAFKA_BROKERS: kafka.brokers, MONGODB_URI, DATA_DIR: dir }, discard: () => {} };
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
    child: startChild({ module: './service-process.js', task: { env, names } }),
  }));
  try {
    const urls = new Map<ServiceName, string>();
    for (const { names, child } of children) {
      const { url } = await child.next<{ url: string }>(60);
      for (const name of names) urls.set(name, url);
    }
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
  await measureProgram('./limit.js', { ...first.env, OPENAI_BASE_URL: model }, warmUp);
  first.discard();
  for (let n = 1; n <= repeat; n += 1) {
    for (const way of ['product', 'limit', 'http'] as const satisfies Way[]) {
      const { env, discard } = stack.fresh();
      console.error(`${stack.name}: ${way}, ${n} of ${repeat}`);
      const withModel = { ...env, OPENAI_BASE_URL: model };
      const measured =
        way === 'http'
          ? await measureHttp(withModel, stack.processes, loads)
          : await measureProgram(`./${way}.js`, withModel, loads);
      discard();
      rows.push(...measured.map((each) => ({ stack: stack.name, way, ...each })));
    }
  }
  return rows;
}

const { values: options } = parseArgs({
  options: {
    embedded: { type: 'boolean', default: false },
    kafka: { type: 'boolean', default: false },
    idle: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const chosen = options.embedded || options.kafka;
const [repeat, seconds, idleSeconds] = options.quick ? [1, 2, 5] : [3, 5, 20];
const loads: Load[] = [1, 16, 128].map((concurrency) => ({ concurrency, warmUp: 1, seconds }));

const stacks: Stack[] = [];
const rows: Row[] = [];
let idle: Idle[] = [];
const model = startChild({ module: './model-process.js' });
try {
  const { url } = await model.next<{ url: string }>(10);
  if (options.embedded || !chosen) stacks.push(embedded());
  if (options.kafka || !chosen) stacks.push(await distributed());
  if (!options.idle) for (const stack of stacks) rows.push(...(await measureLoads(stack, url, loads, repeat)));
  console.error(`idle for ${idleSeconds} seconds`);
  const apps = stacks.flatMap((stack) => stack.idle.map((app) => ({ app, stack: stack.name, env: stack.fresh().env })));
  idle = await measureIdle(apps, idleSeconds);
} catch (error) {
  if (!(error instanceof InfraUnavailable)) throw error;
  console.error(`${error.message}\nWithout Kafka and MongoDB: npm run bench -- --embedded`);
  process.exitCode = 1;
} finally {
  await Promise.all([model.stop(), ...stacks.map((stack) => stack.stop())]);
}

console.log([loadTable(rows), idleTable(idle)].filter((table) => table !== '').join('\n\n'));
const results = fileURLToPath(new URL('../results/', import.meta.url));
mkdirSync(results, { recursive: true });
const file = join(results, `${new Date().toISOString().replaceAll(':', '-')}.json`);
writeFileSync(file, JSON.stringify({ machine: machine(), options, rows, idle }, null, 2));
console.log(`\nIn full: ${file}`);
