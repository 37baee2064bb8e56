import type { Seconds } from '@countersign/contracts/time';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A counter, by its labels, which have few values each. */
export interface Count<L extends string> {
  add(labels: Record<L, string>, by?: number): void;
}

/** A histogram of durations, by labels that have few values each. */
export interface Durations<L extends string> {
  observe(labels: Record<L, string>, seconds: Seconds): void;
}

/** A gauge, by labels that have few values each. */
interface Level<L extends string> {
  labels: Record<L, string>;
  value: number;
}

export interface MetricDefinition<L extends string> {
  /** As Prometheus has it: `countersign_…_total` of a counter, `countersign_…_seconds` of durations. */
  name: string;
  help: string;
  labels: readonly L[];
}

type Read<L extends string> = () => Promise<readonly Level<L>[]> | readonly Level<L>[];

/** What a process counts, for Prometheus. */
export class Metrics {
  readonly #registry = openMetricsRegistry();
  readonly #levels = new Map<string, Read<string>[]>();
  #ofProcess = false;

  /** @param trace names the trace that a duration is measured in, as its exemplar; undefined: one that is not kept, or none. */
  constructor(private readonly trace: () => Record<'trace_id' | 'span_id', string> | undefined = () => undefined) {}

  /** Whoever names the same counter adds to the same one, so that services in one process can share it. */
  counter<L extends string>({ name, help, labels }: MetricDefinition<L>): Count<L> {
    const known = this.#registry.getSingleMetric(name) as Counter<L> | undefined;
    const counter = known ?? new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
    return { add: (values, by = 1) => counter.inc(values, by) };
  }

  /** @param buckets their upper bounds in seconds, ascending. Whoever names the same durations adds to them. */
  durations<L extends string>({ name, help, labels }: MetricDefinition<L>, buckets: readonly number[]): Durations<L> {
    const known = this.#registry.getSingleMetric(name) as Histogram<L> | undefined;
    const options = { name, help, labelNames: labels, buckets: [...buckets], registers: [this.#registry] };
    const histogram = known ?? new Histogram({ ...options, enableExemplars: true });
    return {
      observe: (values, seconds) =>
        histogram.observe({ labels: values, value: seconds, exemplarLabels: (this.trace() ?? {}) as object }),
    };
  }

  /** @param read is called on each scrape; what fails is left out. Whoever names the same gauge adds to it. */
  levels<L extends string>({ name, help, labels }: MetricDefinition<L>, read: Read<L>): void {
    const known = this.#levels.get(name);
    if (known) return void known.push(read as Read<string>);
    const reads: Read<string>[] = [read as Read<string>];
    this.#levels.set(name, reads);
    const gauge = new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      async collect() {
        gauge.reset();
        const levels = await Promise.all(
          reads.map(async (each) => each()).map((levels) => levels.catch((): Level<string>[] => [])),
        );
        for (const { labels: values, value } of levels.flat()) gauge.set(values as Record<L, string>, value);
      },
    });
  }

  /** How much was counted with just these labels; 0 when nothing was. */
  async valueOf(name: string, labels: Record<string, string>): Promise<number> {
    const metric = await this.#registry.getSingleMetric(name)?.get();
    const wanted = Object.entries(labels);
    const isMeant = (found: Partial<Record<string, string | number>>) =>
      Object.keys(found).length === wanted.length && wanted.every(([label, value]) => found[label] === value);
    return metric?.values.find((each) => isMeant(each.labels))?.value ?? 0;
  }

  /** All of it with the state of the process, in Prometheus' text format, or in OpenMetrics, which has exemplars. */
  exposition(type: ExpositionType = 'text/plain'): Promise<string> {
    // Watching the event loop costs a little all the time, so a process that is never scraped does not.
    if (!this.#ofProcess) collectDefaultMetrics({ register: this.#registry });
    this.#ofProcess = true;
    return this.#renderedAs(type);
  }

  /** Rendering counters in OpenMetrics renames them for good: it gets copies. */
  #renderedAs(type: ExpositionType): Promise<string> {
    const registry = type === 'text/plain' ? new Registry() : openMetricsRegistry();
    for (const metric of this.#registry.getMetricsAsArray() as unknown as Renderable[]) {
      const isRenamed = type !== 'text/plain' && metric.type === 'counter';
      const name = isRenamed ? metric.name.replace(/_total$/, '') : metric.name;
      const get = async () => ({ ...(await (metric.getForPromString?.() ?? metric.get())), name });
      registry.registerMetric({ name, type: metric.type, get } as never);
    }
    return registry.metrics();
  }
}

/** Durations have exemplars only in such a one. */
function openMetricsRegistry(): Registry {
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  return registry;
}

/** What a metric of the library is rendered from; its types have `get` alone. */
interface Renderable {
  name: string;
  type: string;
  get(): Promise<object>;
  getForPromString?(): Promise<object>;
}

export type ExpositionType = keyof typeof expositionTypes;

/** The media types of an exposition, as a scraper names them and as they are answered. */
export const expositionTypes = {
  'text/plain': Registry.PROMETHEUS_CONTENT_TYPE,
  'application/openmetrics-text': Registry.OPENMETRICS_CONTENT_TYPE,
} as const;
