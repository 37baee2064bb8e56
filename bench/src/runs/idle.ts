import { millisOf } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../child.js';
import { startService } from '../service.js';

export interface Idle {
  app: string;
  stack: string;
  /** Of one core. */
  cpu_percent: number;
  rss_mb: number;
}

interface Usage {
  cpu: NodeJS.CpuUsage;
  rss: number;
  at: number;
}

/** Started, joined to its group, and done with compiling and tidying up after that. */
const settleMs = 30_000;

/** What idle apps use, as they are shipped: their own main.js, with their defaults. */
export async function measureIdle(
  apps: readonly { app: string; stack: string; env: Record<string, string> }[],
  seconds: number,
): Promise<Idle[]> {
  const probe = new URL('./probe.js', import.meta.url).href;
  const children = apps.map(({ app, env }) =>
    startService({ app, env: { PORT: '0', ...env }, execArgv: ['--import', probe] }),
  );
  await delay(settleMs);
  const before = await Promise.all(children.map(usageOf));
  await delay(millisOf(seconds));
  const after = await Promise.all(children.map(usageOf));
  await Promise.all(children.map((child) => child.stop()));
  return apps.map(({ app, stack }, n) => {
    const [from, to] = [before[n]!, after[n]!];
    const cpu = to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system;
    return { app, stack, cpu_percent: cpu / 10 / (to.at - from.at), rss_mb: to.rss / 1024 / 1024 };
  });
}

function usageOf(child: Child): Promise<Usage> {
  child.send({ usage: true });
  return child.next<Usage>(10);
}
