import { auditService, auditSettings } from '@countersign/audit';
import { millisOf } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { taskOf, tell } from '../child.js';
import { startInProcess } from '../cycles/in-process.js';
import { measureAll, type Load } from '../cycles/load.js';
import { configFor } from '../cycles/services.js';

/** The product in one process, with or without the service that keeps the record of it. */
const { env, loads, record } = taskOf<{ env: Record<string, string>; loads: Load[]; record: boolean }>();
const config = configFor(env);
const audit = auditService({ ...config, ...z.object(auditSettings).parse(env) });
const { cycle, stop } = await startInProcess(config, undefined, record ? [audit] : []);

/** What is behind at the end of a load is brought up to date, and counts. */
const catchUpMs = 2_000;
const microsInMs = 1_000;

async function cpuOf({ concurrency, seconds }: Load): Promise<{ concurrency: number; cpu_ms: number }> {
  const began = process.cpuUsage();
  const over = AbortSignal.timeout(millisOf(seconds));
  let cycles = 0;
  const loop = async () => {
    for (; !over.aborted; cycles += 1) await cycle();
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  await delay(catchUpMs);
  const { user, system } = process.cpuUsage(began);
  return { concurrency, cpu_ms: (user + system) / microsInMs / cycles };
}

await measureAll(cycle, []);
const costs = [];
for (const load of loads) costs.push(await cpuOf(load));
tell({ costs });
await stop();
process.exit(0);
