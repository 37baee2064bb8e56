import { eventSource } from '@countersign/contracts';
import { identityOf } from '@countersign/contracts/audit';
import type { Clock, EpochMillis, Millis } from '@countersign/contracts/time';
import { eventsNamedBy } from '@countersign/evidence';
import type { AppendLog } from '@countersign/persistence/append-log';
import type { Entry } from './entry.js';
import type { Identified } from './recorder.js';

export interface GapsOptions {
  log: Pick<AppendLog<Entry>, 'find'>;
  now: Clock;
  /** How long an event may be on its way: topics have no order between them. */
  patienceMs?: Millis;
  /** Is told of each that did not arrive. */
  onMissing?(id: string): void;
}

const recentAtMost = 10_000;
/** Anybody may name events that there never were. */
const awaitedAtMost = 1_000;

/** Who publishes what comes of these records. */
const sources = new Map([
  ['runs', eventSource('agent-runner')],
  ['approvals', eventSource('approval-service')],
  ['executions', eventSource('executor')],
]);

/**
 * Notices events that others name, as what they came of or as what was published before them, and that do not arrive. It
 * knows what this instance has recorded since it started; evidence of a run finds the same by itself.
 */
export class Gaps {
  readonly #options: Required<GapsOptions>;
  readonly #recent = new Set<string>();
  readonly #awaited = new Map<string, { id: string; since: EpochMillis; missing: boolean }>();

  constructor(options: GapsOptions) {
    this.#options = { patienceMs: 60_000, onMissing: () => {}, ...options };
  }

  /** The ids of those that are missing now. */
  get missing(): string[] {
    return [...this.#awaited.values()].flatMap(({ id, missing }) => (missing ? [id] : []));
  }

  /** These are on record now. */
  recorded(events: readonly Identified[]): void {
    for (const { identity } of events) {
      this.#recent.add(identity);
      this.#awaited.delete(identity);
    }
    for (const id of events.flatMap(eventsNamedBy)) this.#await(id);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= recentAtMost) break;
      this.#recent.delete(oldest);
    }
  }

  #await(id: string): void {
    const source = sources.get(id.split('/', 1)[0]!);
    if (source === undefined) return;
    const identity = identityOf({ id, source });
    if (this.#recent.has(identity) || this.#awaited.has(identity) || this.#awaited.size >= awaitedAtMost) return;
    this.#awaited.set(identity, { id, since: this.#options.now(), missing: false });
  }

  /** Looks for what should be there by now. */
  async look(): Promise<void> {
    const { log, now, onMissing, patienceMs } = this.#options;
    const due = [...this.#awaited].filter(([, { since }]) => now() - since >= patienceMs).map(([identity]) => identity);
    if (due.length === 0) return;
    const found = await log.find({ filter: { identity: { in: due } }, sort: [], limit: 10_000 });
    for (const { identity } of found) this.#awaited.delete(identity);
    for (const identity of due) {
      const awaited = this.#awaited.get(identity);
      if (!awaited || awaited.missing) continue;
      awaited.missing = true;
      onMissing(awaited.id);
    }
  }
}
