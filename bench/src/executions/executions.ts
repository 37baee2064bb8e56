import type { Event } from '@countersign/contracts';
import { secondsOf } from '@countersign/contracts/time';
import { freePort } from '@countersign/infra';
import { encode } from '@countersign/messaging';
import { openInfrastructure } from '@countersign/service';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { approvedCalls } from '../approvals/approved.js';
import { startChild } from '../child.js';
import { startService, untilReady } from '../service.js';
import { quantile, type Load, type Measured } from '../cycles/load.js';
import { configFor } from '../cycles/services.js';

type Env = Record<string, string>;

export interface Executions {
  stack: string;
  concurrency: number;
  product: number;
  limit: number;
}

/** Executions per second of calls that take no time, one process, beside the limit; medians of several turns. */
export async function measureExecutions(
  stack: { name: string; fresh(): { env: Env; discard(): void } },
  keys: Env,
  loads: Load[],
  repeat: number,
): Promise<Executions[]> {
  const of = async (way: 'product' | 'limit') => {
    console.error(`${stack.name}: executions, ${way}`);
    const { env, discard } = stack.fresh();
    const child = startChild({
      module: './executions/executions-process.js',
      task: { env: { ...env, ...keys }, way, loads },
    });
    const { measured } = await child.next<{ measured: Measured[] }>(170);
    await child.ended;
    discard();
    return measured;
  };
  const measured = { product: [] as Measured[], limit: [] as Measured[] };
  for (let n = 0; n < repeat; n += 1) {
    measured.product.push(...(await of('product')));
    measured.limit.push(...(await of('limit')));
  }
  const median = (all: readonly Measured[], concurrency: number): number =>
    quantile(
      all.filter((each) => each.concurrency === concurrency).map(({ cycles_per_s }) => cycles_per_s),
      0.5,
    )!;
  return loads.map(({ concurrency }) => ({
    stack: stack.name,
    concurrency,
    product: median(measured.product, concurrency),
    limit: median(measured.limit, concurrency),
  }));
}

export interface Scaling {
  executors: number;
  per_s: number;
  /** What one executor could make at the most: its places, each always at work. */
  at_most: number;
}

/** Calls that one executor makes at once, what each of them takes, and how many each place gets. */
const places = 2;
const callSeconds = 0.2;
const callsOfPlace = 50;

/** Executors as they are shipped, on one database, with a backlog of calls that take 200 ms each. */
export async function measureScaling(fresh: () => { env: Env; discard(): void }, keys: Env): Promise<Scaling[]> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const definitions = join(dir, 'countersign.yaml');
  writeFileSync(definitions, fileWith(callSeconds));
  const measured: Scaling[] = [];
  try {
    // The first is not counted: servers that were just started are several times slower.
    for (const [n, executors] of [1, 1, 2, 4].entries()) {
      console.error(`calls of ${callSeconds} s on ${executors} executor(s)`);
      const { env, discard } = fresh();
      const own = { COUNTERSIGN_CONFIG: definitions, EXECUTOR_CONCURRENCY: String(places) };
      const per_s = await rateOf({ ...env, ...keys, ...own }, executors);
      if (n > 0) measured.push({ executors, per_s, at_most: (executors * places) / callSeconds });
      discard();
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
  return measured;
}

const fileWith = (seconds: number): string => `
agents: [{ id: ops, name: Operations, instructions: Deploy., tools: [deploy_to_production] }]
tools:
  - name: deploy_to_production
    description: Takes a while.
    parameters: { type: object, properties: { service_name: { type: string }, version: { type: string } } }
    approval: required
    requires: external_execution
    execute: { command: { program: sleep, args: ['${seconds}'] } }
`;

/** Executions per second while all places are at work: from the tenth part of the backlog to the last but one. */
async function rateOf(env: Env, executors: number): Promise<number> {
  const { bus, close } = await openInfrastructure(configFor(env), {
    clientId: 'countersign-bench',
    log: { info() {}, warn() {}, error: console.error },
    onFatal: (error) => {
      throw error;
    },
  });
  const count = executors * places * callsOfPlace;
  const ours = new Set<string>();
  const ended: number[] = [];
  const tail = bus.tail({
    topics: ['tool.execution_completed'],
    handle: ({ key }) => {
      if (key !== null && ours.delete(key)) ended.push(performance.now());
    },
  });
  const children = await Promise.all(Array.from({ length: executors }, () => startExecutor(env)));
  try {
    while (!tail.joined) await delay(50);
    const approved = await approvedCalls(env['DECISION_SIGNING_KEYS']!, count);
    for (const { key } of approved) ours.add(key);
    await bus.publish(approved.map((event: Event) => encode(event)));
    while (ours.size > 0) await delay(20);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await tail.close();
    await close();
  }
  const [first, last] = [Math.floor(count * 0.1), Math.floor(count * 0.9)];
  return (last - first) / secondsOf(ended[last]! - ended[first]!);
}

async function startExecutor(env: Env) {
  const port = String(await freePort());
  const child = startService({ app: 'executor', env: { PORT: port, ...env } });
  await untilReady(`http://127.0.0.1:${port}`);
  return child;
}
