import { ApiError, type Calls } from '@countersign/client';
import type { RequestedCalls } from '@countersign/contracts/runs';
import { millisOf, secondsOf } from '@countersign/contracts/time';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../child.js';
import { startCallers, type Callers } from './callers.js';

/** What a service uses while callers wait for people. */
export interface Waiting {
  stack: string;
  app: string;
  calls: number;
  callers: number;
  /** Since all of them wait. */
  seconds: number;
  rss_mb: number;
  heap_mb: number;
  /** Of one core, over ten seconds of waiting. */
  cpu: number;
}

const mb = 1024 * 1024;
const atOnce = 32;
const watchedS = 10;

/**
 * More and more calls, and as many for longer. So many are asked for together, and each such request has one that waits for it.
 */
export async function measureWaiting(
  { stack, env, apps }: { stack: string; env: Record<string, string>; apps: readonly string[] },
  { total, callers, together }: { total: number; callers: number; together: number },
): Promise<Waiting[]> {
  const { bots, services, stop } = await startCallers(env, apps, callers);
  const measured: Waiting[] = [];
  const over = new AbortController();
  try {
    let [asked, since] = [0, performance.now()];
    for (const calls of [0, total / 10, total / 2, total, total]) {
      if (calls > asked) {
        await ask(bots, calls - asked, together, over.signal);
        [asked, since] = [calls, performance.now()];
      } else await delay(millisOf(watchedS) * 3);
      await delay(3_000);
      const seconds = Math.round(secondsOf(performance.now() - since));
      for (const used of await usageOf(services)) measured.push({ stack, calls, callers, seconds, ...used });
      const heaps = measured.slice(-services.length).map(({ app, heap_mb }) => `${app} ${heap_mb.toFixed(1)} MB`);
      console.error(`${stack}: ${calls} calls wait; in use: ${heaps.join(', ')}`);
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

function usageOf(services: Callers['services']): Promise<Pick<Waiting, 'app' | 'rss_mb' | 'heap_mb' | 'cpu'>[]> {
  const look = (child: Child): Promise<Usage> => (child.send({ usage: true }), child.next<Usage>(60));
  return Promise.all(
    services.map(async ({ app, child }) => {
      const before = await look(child);
      await delay(millisOf(watchedS));
      const { rss, heap, cpu } = await look(child);
      const used = cpu.user + cpu.system - before.cpu.user - before.cpu.system;
      return { app, rss_mb: rss / mb, heap_mb: heap / mb, cpu: used / 1e6 / watchedS };
    }),
  );
}

async function ask(bots: Callers['bots'], count: number, together: number, signal: AbortSignal): Promise<void> {
  let left = count / together;
  const loop = async () => {
    while (left-- > 0) {
      const { agent, client } = bots[left % bots.length]!;
      const call = (n: number) => ({ tool_name: 'refund', tool_args: { order: `A-${left}-${n}` } });
      const wanted = { calls: Array.from({ length: together }, (_, n) => call(n)) };
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
