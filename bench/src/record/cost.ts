import { startChild } from '../child.js';
import { quantile, type Load } from '../cycles/load.js';
import type { RecordCost } from '../report.js';

interface CpuOfLoad {
  concurrency: number;
  cpu_ms: number;
}

export interface RecordCostOptions {
  /** For one start of a program: nothing is left of the one before. */
  fresh(): { env: Record<string, string>; discard(): void };
  /** Where the model answers. */
  model: string;
  loads: readonly Load[];
  repeat: number;
}

/** The same loads with and without the service that keeps the record, in turn; the medians. */
export async function measureRecord({ fresh, model, loads, repeat }: RecordCostOptions): Promise<RecordCost[]> {
  const found: (CpuOfLoad & { record: boolean })[] = [];
  for (let n = 1; n <= repeat; n += 1) {
    for (const record of [false, true]) {
      const { env, discard } = fresh();
      console.error(`${record ? 'with' : 'without'} the record, ${n} of ${repeat}`);
      const task = { env: { ...env, OPENAI_BASE_URL: model }, loads, record };
      const child = startChild({ module: './record/recorded.js', task });
      const { costs } = await child.next<{ costs: CpuOfLoad[] }>(170);
      await child.ended;
      discard();
      found.push(...costs.map((cost) => ({ ...cost, record })));
    }
  }
  const cpu = (level: number, wanted: boolean) =>
    quantile(
      found.flatMap(({ concurrency, record, cpu_ms }) => (concurrency === level && record === wanted ? [cpu_ms] : [])),
      0.5,
    )!;
  return loads.map(({ concurrency }) => ({
    concurrency,
    without_ms: cpu(concurrency, false),
    with_ms: cpu(concurrency, true),
  }));
}
