import { millisOf, secondsOf } from '@countersign/contracts/time';
import { freePort } from '@countersign/infra';
import { openInfrastructure } from '@countersign/service';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild, type Child } from '../child.js';
import { authorization } from '../credentials.js';
import { configFor, input } from '../cycles/services.js';
import { send } from '../runs/send.js';
import { startService, untilReady } from '../service.js';

type Env = Record<string, string>;
type Fresh = () => { env: Env; discard(): void };

/** A run asks the model, makes a call, and asks the model again. */
const [modelSeconds, callSeconds] = [2, 0.5];
/** Room for two answers of the model a second, and for two calls. */
const places = { runner: '4', executor: '1' };
const runsOfRunner = 40;

export interface Workers {
  /** Runners, and as many executors. */
  instances: number;
  runs_per_s: number;
  /** As many answers that end a run, and as many calls, as their places could make in a second. */
  at_most: number;
}

export interface ScaleIn {
  from: number;
  to: number;
  runs: number;
  completed: number;
  /** Calls that the target was told to make. */
  calls: number;
  /** Calls that it was told to make more than once. */
  twice: number;
  /** Times that members of the groups of runners and executors that stayed were given their partitions meanwhile. */
  assignments: number;
  /** The longest time in which no run ended, from the moment that instances were told to stop. */
  longest_gap_s: number;
}

/** One, two and four of each worker, as they are shipped, with a backlog; then four become two in the middle of it. */
export async function measureWorkers(fresh: Fresh): Promise<{ workers: Workers[]; scaleIn: ScaleIn }> {
  const workers: Workers[] = [];
  // The first is not counted and short: servers that were just started are several times slower.
  for (const [n, instances] of [1, 1, 2, 4].entries()) {
    console.error(`runs on ${instances} of each worker`);
    await using installation = await Installation.start(fresh, instances);
    const { ended } = await installation.work(n === 0 ? runsOfRunner / 4 : instances * runsOfRunner);
    const [first, last] = [Math.floor(ended.length * 0.1), Math.floor(ended.length * 0.9)];
    const runs_per_s = (last - first) / secondsOf(ended[last]! - ended[first]!);
    if (n > 0) workers.push({ instances, runs_per_s, at_most: (instances * Number(places.runner)) / modelSeconds });
  }
  return { workers, scaleIn: await measureScaleIn(fresh) };
}

async function measureScaleIn(fresh: Fresh): Promise<ScaleIn> {
  console.error('four of each worker become two');
  await using installation = await Installation.start(fresh, 4);
  const runs = 4 * runsOfRunner;
  let stopping: Promise<unknown> | undefined;
  let [told, before] = [0, 0];
  const { ended, completed } = await installation.work(runs, async (done) => {
    if (stopping || done < runs * 0.4) return;
    told = performance.now();
    stopping = installation.stopHalf().then((assignments) => (before = assignments));
    await stopping;
  });
  const after = [told, ...ended.filter((at) => at > told)];
  const calls = installation.calls();
  return {
    from: 4,
    to: 2,
    runs,
    completed,
    calls: calls.length,
    twice: calls.length - new Set(calls).size,
    assignments: (await installation.assignments()) - before,
    longest_gap_s: secondsOf(Math.max(...after.slice(1).map((at, n) => at - after[n]!))),
  };
}

interface Worker {
  url: string;
  child: Child;
}

/** An approval service that lets each call through by a rule, and some of each worker. */
class Installation implements AsyncDisposable {
  private constructor(
    private readonly dir: string,
    private readonly env: Env,
    private readonly model: Child,
    private readonly approvals: Worker,
    private runners: Worker[],
    private executors: Worker[],
    private readonly discard: () => void,
  ) {}

  static async start(fresh: Fresh, instances: number): Promise<Installation> {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    const definitions = join(dir, 'countersign.yaml');
    writeFileSync(definitions, file(join(dir, 'calls')));
    writeFileSync(join(dir, 'calls'), '');
    const model = startChild({
      module: './cycles/model-process.js',
      task: { chain: 1, delay: millisOf(modelSeconds) },
    });
    const { url: OPENAI_BASE_URL } = await model.next<{ url: string }>(10);
    const { env: given, discard } = fresh();
    const env = { ...given, COUNTERSIGN_CONFIG: definitions, OPENAI_BASE_URL };
    const several = (app: string, own: Env) =>
      Promise.all(Array.from({ length: instances }, () => start(app, { ...env, ...own })));
    const [approvals, runners, executors] = await Promise.all([
      start('approval-service', env),
      several('agent-runner', { RUNNER_CONCURRENCY: places.runner, RUNNER_QUEUE_LIMIT_PER_USER: '100000' }),
      several('executor', { EXECUTOR_CONCURRENCY: places.executor }),
    ]);
    return new Installation(dir, env, model, approvals, runners, executors, discard);
  }

  /** Starts so many runs at once. @returns when each of them ended */
  async work(count: number, meanwhile: (done: number) => Promise<void> = async () => {}) {
    const { bus, close } = await openInfrastructure(configFor(this.env), {
      clientId: 'countersign-bench',
      log: { info() {}, warn() {}, error: console.error },
      onFatal: (error) => {
        throw error;
      },
    });
    const ended = new Map<string, { at: number; topic: string }>();
    const topics = ['run.completed', 'run.failed', 'run.cancelled'];
    const tail = bus.tail({
      topics,
      handle: ({ key, topic }) =>
        void (key !== null && !ended.has(key) && ended.set(key, { at: performance.now(), topic })),
    });
    try {
      while (!tail.joined) await delay(50);
      let left = count;
      const loop = async () => {
        while (left-- > 0) await send(`${this.runners[0]!.url}/agents/ops/runs`, { input });
      };
      await Promise.all(Array.from({ length: 16 }, loop));
      while (ended.size < count) {
        await meanwhile(ended.size);
        await delay(50);
      }
    } finally {
      await tail.close();
      await close();
    }
    const all = [...ended.values()];
    return { ended: all.map(({ at }) => at), completed: all.filter(({ topic }) => topic === topics[0]).length };
  }

  /** The first of them is asked for runs, and stays. @returns how often those that stay had been given partitions before */
  async stopHalf(): Promise<number> {
    const half = this.runners.length / 2;
    const going = [...this.runners.slice(half), ...this.executors.slice(half)];
    [this.runners, this.executors] = [this.runners.slice(0, half), this.executors.slice(0, half)];
    const before = await this.assignments();
    await Promise.all(going.map(({ child }) => child.stop()));
    return before;
  }

  async assignments(): Promise<number> {
    const texts = await Promise.all(
      [...this.runners, ...this.executors].map(async ({ url }) =>
        (await fetch(`${url}/metrics`, { headers: { authorization } })).text(),
      ),
    );
    return texts
      .flatMap((text) => [...text.matchAll(/^countersign_consumer_assignments_total\{.*\} (\d+)$/gm)])
      .reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** The executions that the target was told of, as often as it was told. */
  calls(): string[] {
    return readFileSync(join(this.dir, 'calls'), 'utf8').trim().split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [this.approvals, ...this.runners, ...this.executors].map(({ child }) => child);
    await Promise.all([...all, this.model].map((child) => child.stop()));
    this.discard();
    rmSync(this.dir, { recursive: true });
  }
}

async function start(app: string, env: Env): Promise<Worker> {
  const port = String(await freePort());
  const child = startService({ app, env: { ...env, PORT: port } });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url);
  return { url, child };
}

/** The tool is the one that the stand-in for the model asks for. */
const file = (calls: string): string => `
agents: [{ id: ops, name: Operations, instructions: Look., tools: [list_releases] }]
policies: { default: { approve: true } }
tools:
  - name: list_releases
    description: Takes a while.
    parameters: { type: object, properties: {}, additionalProperties: false }
    approval: required
    requires: external_execution
    execute: { command: { program: sh, args: ['-c', 'echo "$1" >> ${calls}; sleep ${callSeconds}', 'sh', '{{execution.id}}'] } }
`;
