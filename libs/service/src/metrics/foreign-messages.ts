import { millisOf, type Clock, type EpochMillis, type Seconds } from '@countersign/contracts/time';
import type { Log } from '@countersign/contracts';
import type { Metrics } from './metrics.js';

/** For how long a skipped message is reported. */
const saidForMs = millisOf(3_600 as Seconds);
/** Anybody may write any name. */
const mostNames = 20;

/** What other installations wrote to the topics of this one: counted, logged once for each, and a degraded readiness. */
export class ForeignMessages {
  readonly #last = new Map<string, EpochMillis>();
  readonly #counter: ReturnType<Metrics['counter']>;

  constructor(
    metrics: Pick<Metrics, 'counter'>,
    private readonly log: Log,
    private readonly now: Clock,
  ) {
    this.#counter = metrics.counter({
      name: 'countersign_foreign_messages_total',
      help: 'Messages of another installation on the topics of this one, which were skipped.',
      labels: ['topic'],
    });
  }

  readonly add = ({ topic, installation }: { topic: string; installation: string }): void => {
    this.#counter.add({ topic });
    if (!this.#last.has(installation)) {
      if (this.#last.size >= mostNames) return;
      this.log.warn({ topic, installation }, 'another installation writes to the topics of this one; it is skipped');
    }
    this.#last.set(installation, this.now());
  };

  /** @throws who wrote lately */
  async check(): Promise<void> {
    const since = this.now() - saidForMs;
    const names = [...this.#last].filter(([, at]) => at > since).map(([name]) => name);
    if (names.length > 0)
      throw new Error(`other installations write to these topics: ${names.join(', ')}; each needs a KAFKA_PREFIX`);
  }
}
