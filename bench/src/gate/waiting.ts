import { ApiError, type Calls } from '@countersign/client';
import type { RequestedCalls } from '@countersign/contracts/runs';
import { millisOf } from '@countersign/contracts/time';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { startCallers, type Callers } from './callers.js';

/** What the process that holds them uses while callers wait for people. */
export interface Waiting {
  calls: number;
  callers: number;
  rss_mb: number;
  heap_mb: number;
  /** Of one core, over ten seconds of waiting. */
  cpu: number;
}

const mb = 1024 * 1024;
const atOnce = 32;
const watchedS = 10;

/** More and more calls, each with a request that waits for it. */
export async function measureWaiting(env: Record<string, string>, total: number, callers: number): Promise<Waiting[]> {
  const { bots, runner, stop } = await startCallers(env, ['standalone'], callers);
  const measured: Waiting[] = [];
  const over = new AbortController();
  try {
    for (let calls = 0; calls <= total; calls += total / 5) {
      await ask(bots, calls - (measured.at(-1)?.calls ?? 0), over.signal);
      await delay(3_000);
      const before = await usageOf(runner);
      await delay(millisOf(watchedS));
      const { rss, heap, cpu } = await usageOf(runner);
      const used = cpu.user + cpu.system - before.cpu.user - before.cpu.system;
      console.error(`${calls} calls wait`);
      measured.push({ calls, callers, rss_mb: rss / mb, heap_mb: heap / mb, cpu: used / 1e6 / watchedS });
    }
  } finally {
    over.abort();
    await stop();
  }
  return measured;
}

interface Usage {
  rss: number;
  heap: number;
  cpu: NodeJS.CpuUsage;
}

function usageOf(child: Callers['runner']): Promise<Usage> {
  child.send({ usage: true });
  return child.next<Usage>(30);
}

async function ask(bots: Callers['bots'], count: number, signal: AbortSignal): Promise<void> {
  let left = count;
  const loop = async () => {
    while (left-- > 0) {
      const { agent, client } = bots[left % bots.length]!;
      const wanted = { calls: [{ tool_name: 'refund', tool_args: { order: `A-${left}` } }] };
      const asked = await askUntilAnswered(client.calls, agent, wanted);
      void wait(asked, client, signal);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
}

async function wait(
  asked: RequestedCalls,
  { calls }: Callers['bots'][number]['client'],
  signal: AbortSignal,
): Promise<void> {
  for (let known = asked; !signal.aborted;)
    known = await calls.next(known, { signal }).catch(() => delay(1_000).then(() => known));
}

/** A connection that was idle may end just when it is used again. */
async function askUntilAnswered(calls: Calls, ...[agent, wanted]: Parameters<Calls['ask']>): Promise<RequestedCalls> {
  const idempotencyKey = randomUUID();
  for (;;)
    try {
      return await calls.ask(agent, wanted, { idempotencyKey });
    } catch (error) {
      if (!(error instanceof ApiError && error.isTemporary)) throw error;
      await delay(100);
    }
}
