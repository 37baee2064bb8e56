import { millisOf, secondsOf } from '@countersign/contracts/time';
import { freePort } from '@countersign/infra';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild, type Child } from '../child.js';
import { startService, untilReady } from '../service.js';
import { send } from './send.js';
import { input } from '../cycles/services.js';

/** An agent-runner as it is shipped, by itself. */
interface RunnerProcess {
  url: string;
  child: Child;
}

const probe = new URL('./probe.js', import.meta.url).href;

async function startRunner(env: Record<string, string>): Promise<RunnerProcess> {
  const port = String(await freePort());
  const child = startService({
    app: 'agent-runner',
    env: { PORT: port, ...env },
    execArgv: ['--import', probe, '--expose-gc'],
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url);
  return { url, child };
}

export interface Held {
  paused: number;
  rss_mb: number;
  heap_mb: number;
}

const mb = 1024 * 1024;
const atOnce = 64;

/** What one runner uses while it holds more and more runs that are paused. */
export async function measureHeld(env: Record<string, string>, total: number): Promise<Held[]> {
  const { url, child } = await startRunner(env);
  const held: Held[] = [];
  try {
    for (let paused = 0; paused <= total; paused += total / 5) {
      await start(url, paused - (held.at(-1)?.paused ?? 0));
      while ((await countOf(url, 'PAUSED')) < paused) await delay(100);
      await delay(2_000);
      child.send({ usage: true });
      const { rss, heap } = await child.next<{ rss: number; heap: number }>(10);
      held.push({ paused, rss_mb: rss / mb, heap_mb: heap / mb });
    }
  } finally {
    await child.stop();
  }
  return held;
}

async function start(url: string, count: number): Promise<void> {
  let left = count;
  const loop = async () => {
    while (left-- > 0) await send(`${url}/agents/ops/runs`, { input });
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
}

const countOf = async (url: string, status: string): Promise<number> =>
  ((await send(`${url}/runs?status=${status}&limit=1`)) as { meta: { total_count: number } }).meta.total_count;

export interface Chains {
  stack: string;
  runners: number;
  runs: number;
  /** Seconds of model calls in a run, one after another. */
  chain_s: number;
  /** Seconds from the first request to the last answer. */
  took_s: number;
}

/** How long many runs take that start at once, when the model takes its time over each of several calls. */
export async function measureChains(
  { stack, env, runners }: { stack: string; env: Record<string, string>; runners: number },
  { runs, calls, seconds }: { runs: number; calls: number; seconds: number },
): Promise<Chains> {
  const model = startChild({
    module: './cycles/model-process.js',
    task: { chain: calls - 1, delay: millisOf(seconds) },
  });
  const { url: OPENAI_BASE_URL } = await model.next<{ url: string }>(10);
  const started = await Promise.all(Array.from({ length: runners }, () => startRunner({ ...env, OPENAI_BASE_URL })));
  try {
    const all = async () => {
      const began = performance.now();
      await Promise.all(Array.from({ length: runs }, (_, n) => runToTheEnd(started[n % runners]!.url)));
      return secondsOf(performance.now() - began);
    };
    // Processes and servers that were just started are several times slower.
    await all();
    const took_s = await all();
    return { stack, runners, runs, chain_s: calls * seconds, took_s };
  } finally {
    await Promise.all([model, ...started.map(({ child }) => child)].map((child) => child.stop()));
  }
}

async function runToTheEnd(url: string): Promise<void> {
  const { run_id } = (await send(`${url}/agents/ops/runs`, { input })) as { run_id: string };
  const run = await send(`${url}/runs/${run_id}?wait_for=COMPLETED,ERROR&timeout=60`);
  if ((run as { status: string }).status !== 'COMPLETED') throw new Error(JSON.stringify(run));
}
