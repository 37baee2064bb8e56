import { millisOf, secondsOf } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';

/** What one cycle took, in milliseconds. */
export interface Cycle {
  /** From the call that approves to the end of the run. */
  resume: number;
  /** The model call in it, where it can be measured. */
  model?: number;
}

export interface Load {
  concurrency: number;
  warmUp: number;
  seconds: number;
}

export interface Measured {
  concurrency: number;
  cycles_per_s: number;
  resume_p50_ms: number;
  resume_p99_ms: number;
  /** The median of what is left of a resumption without its model call. */
  resume_over_model_p50_ms: number | null;
  model_p50_ms: number | null;
  /** CPU time of the measured process for one cycle; the driver's part is in it when it drives itself. */
  cpu_ms_per_cycle: number;
}

/** Closed loops: each begins its next cycle when the last has ended. */
async function measure(cycle: () => Promise<Cycle>, { concurrency, warmUp, seconds }: Load): Promise<Measured> {
  const cycles: Cycle[] = [];
  let measuring = false;
  let over = false;
  const loop = async () => {
    while (!over) {
      const took = await cycle();
      if (measuring) cycles.push(took);
    }
  };
  const loops = Promise.all(Array.from({ length: concurrency }, loop));
  await Promise.race([delay(millisOf(warmUp)), loops]);
  const cpu = process.cpuUsage();
  const began = performance.now();
  measuring = true;
  await Promise.race([delay(millisOf(seconds)), loops]);
  measuring = false;
  const elapsed = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  over = true;
  await loops;

  const resume = cycles.map((each) => each.resume);
  const model = cycles.flatMap((each) => each.model ?? []);
  const over_model = cycles.flatMap((each) => (each.model === undefined ? [] : each.resume - each.model));
  return {
    concurrency,
    cycles_per_s: cycles.length / secondsOf(elapsed),
    resume_p50_ms: quantile(resume, 0.5) ?? Number.NaN,
    resume_p99_ms: quantile(resume, 0.99) ?? Number.NaN,
    resume_over_model_p50_ms: quantile(over_model, 0.5),
    model_p50_ms: quantile(model, 0.5),
    cpu_ms_per_cycle: (user + system) / 1000 / cycles.length,
  };
}

export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

/** One load after the other, on a process that is warm. */
export async function measureAll(cycle: () => Promise<Cycle>, loads: readonly Load[]): Promise<Measured[]> {
  await measure(cycle, { concurrency: 16, warmUp: 0, seconds: 3 });
  const measured: Measured[] = [];
  for (const load of loads) measured.push(await measure(cycle, load));
  return measured;
}
