import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

/** Something that only grows, told apart by its labels, which have few values each. */
export interface Count<L extends string> {
  add(labels: Record<L, string>, by?: number): void;
}

export interface CountDefinition<L extends string> {
  /** As Prometheus has it: `countersign_…_total`. */
  name: string;
  help: string;
  labels: readonly L[];
}

/** What a process counts, for Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  #ofProcess = false;

  /** Whoever names the same counter adds to the same one, so that services in one process can share it. */
  counter<L extends string>({ name, help, labels }: CountDefinition<L>): Count<L> {
    const known = this.#registry.getSingleMetric(name) as Counter<L> | undefined;
    const counter = known ?? new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
    return { add: (values, by = 1) => counter.inc(values, by) };
  }

  /** How much was counted with just these labels; 0 when nothing was. */
  async valueOf(name: string, labels: Record<string, string>): Promise<number> {
    const found = await this.#registry.getSingleMetric(name)?.get();
    const wanted = Object.entries(labels);
    const isMeant = (given: Partial<Record<string, string | number>>) =>
      Object.keys(given).length === wanted.length && wanted.every(([label, value]) => given[label] === value);
    return found?.values.find((each) => isMeant(each.labels))?.value ?? 0;
  }

  /** All of it with the state of the process, in Prometheus' text format. */
  exposition(): Promise<string> {
    // Watching the event loop costs a little all the time, so a process that nobody asks does not.
    if (!this.#ofProcess) collectDefaultMetrics({ register: this.#registry });
    this.#ofProcess = true;
    return this.#registry.metrics();
  }
}

/** The media type of an exposition. */
export const expositionType = Registry.PROMETHEUS_CONTENT_TYPE;
