import { ApiError, CountersignClient, gate } from '@countersign/client';
import { secondsOf } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../cycles/load.js';
import { access } from '../credentials.js';
import { startCallers } from './callers.js';

/** What a gated call takes besides the decision on it, in milliseconds. */
export interface GateCost {
  stack: string;
  concurrency: number;
  calls_per_s: number;
  /** From the call until it can be decided. */
  asked_p50_ms: number;
  /** From the decision until the function begins. */
  begun_p50_ms: number;
  /** From the end of the function until whoever called it goes on. */
  told_p50_ms: number;
  total_p50_ms: number;
  total_p99_ms: number;
  /** As many requests as a call makes, which do nothing, one after another. */
  requests_p50_ms: number;
}

/** Asked, heard that it is approved, claimed, reported, heard that it is over. */
const requestsOfACall = 5;

type Taken = Record<'asked' | 'begun' | 'told', number>;

/** Calls by callers that wait for each before the next, of functions that take no time, decided as soon as they can be. */
export async function measureGate(
  { stack, env, apps }: { stack: string; env: Record<string, string>; apps: readonly string[] },
  { levels, seconds }: { levels: readonly number[]; seconds: number },
): Promise<GateCost[]> {
  const { bots, people, url, stop } = await startCallers(env, apps, Math.max(...levels));
  const measured: GateCost[] = [];
  try {
    // What was just started is several times slower.
    await callsOf(bots.slice(0, levels.at(-1)), people, seconds);
    for (const concurrency of levels) {
      const taken = await callsOf(bots.slice(0, concurrency), people, seconds);
      const p = (value: (each: Taken) => number, q = 0.5) => quantile(taken.map(value), q) ?? Number.NaN;
      const total = ({ asked, begun, told }: Taken) => asked + begun + told;
      measured.push({
        stack,
        concurrency,
        calls_per_s: taken.length / seconds,
        asked_p50_ms: p(({ asked }) => asked),
        begun_p50_ms: p(({ begun }) => begun),
        told_p50_ms: p(({ told }) => told),
        total_p50_ms: p(total),
        total_p99_ms: p(total, 0.99),
        requests_p50_ms: quantile(await requestsOf(concurrency, url, seconds), 0.5) ?? Number.NaN,
      });
    }
  } finally {
    await stop();
  }
  return measured;
}

type Bot = Awaited<ReturnType<typeof startCallers>>['bots'][number];

const callsOf = (bots: readonly Bot[], people: CountersignClient, seconds: number): Promise<Taken[]> =>
  repeated(bots, seconds, (bot) => oneCall(bot, people));

/** Each does it again and again for so long. @returns what came of it */
async function repeated<T, R>(those: readonly T[], seconds: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const taken: R[] = [];
  const began = performance.now();
  const loop = async (one: T) => {
    while (secondsOf(performance.now() - began) < seconds) taken.push(await work(one));
  };
  await Promise.all(those.map(loop));
  return taken;
}

function requestsOf(concurrency: number, url: string, seconds: number): Promise<number[]> {
  const client = new CountersignClient({ url, key: access.ADMIN_KEY });
  const those = Array.from({ length: concurrency }, (_, n) => n);
  return repeated(those, Math.min(2, seconds), async () => {
    const start = performance.now();
    for (let n = 0; n < requestsOfACall; n += 1) await client.request('GET', '/health/live');
    return performance.now() - start;
  });
}

async function oneCall(bot: Bot, people: CountersignClient): Promise<Taken> {
  let decided = Promise.resolve({ possible: 0, at: 0 });
  const { calls, executions } = bot.client;
  // The gate does not say which approval it waits for, and whoever decides has to know.
  const ask: typeof calls.ask = async (...wanted) => {
    const asked = await calls.ask(...wanted);
    decided = decide(asked.calls[0]!.id, people);
    return asked;
  };
  const watched = Object.create(calls, { ask: { value: ask } }) as typeof calls;
  let [begun, ended] = [0, 0];
  const refund = () => {
    begun = performance.now();
    ended = begun;
  };
  const start = performance.now();
  await gate(refund, { ...bot, client: { calls: watched, executions } })({ order: 'A-17' });
  const told = performance.now() - ended;
  const { possible, at } = await decided;
  return { asked: possible - start, begun: Math.max(0, begun - at), told };
}

/** Asks as seldom as leaves a tenth open, so as not to be what is measured. @returns when the approval was there to be decided, and when it was. */
async function decide(id: string, people: CountersignClient): Promise<{ possible: number; at: number }> {
  for (const since = performance.now(); ;) {
    const possible = performance.now();
    try {
      await people.approvals.resolve(id, { status: 'approved' });
      return { possible, at: performance.now() };
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'approval_not_found')) throw error;
      await delay((performance.now() - since) / 10);
    }
  }
}
