import { after, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { isOfService, numbersIn, placeOf, type Numbered } from '@countersign/evidence';
import type { AppendLog } from '@countersign/persistence/append-log';
import type { Entry } from './entry.js';
import type { Identified } from './recorder.js';

export interface NumbersOptions {
  log: Pick<AppendLog<Entry>, 'find'>;
  now: Clock;
  /** How long an event may be on its way: topics have no order between them. */
  patienceMs?: Millis;
  onFound?(what: 'missing' | 'repeated', id: string): void;
  /** Events of records without a number: of a version of before there were numbers. */
  onUnnumbered?(count: number): void;
}

/** What is known of the numbers of one record. */
interface Seen {
  key: string;
  record: string;
  source: string;
  /** The places of events by their numbers. */
  numbers: Map<number, string>;
  /** The first number that has not come. */
  next: number;
  last: number;
  /** When to ask the record itself what is there. */
  lookAt: EpochMillis;
  missing: string[];
}

const recordsAtMost = 2_000;
const repeatedAtMost = 1_000;
const looksAtMost = 100;
const entriesAtMost = 10_000;
/** What is missing may still arrive at another instance. */
const lookAgainMs: Millis = 3_600_000;

/**
 * Notices numbers of events that never come, and those that come twice. It follows what this instance records, and asks
 * the record before it says that something is missing, since another instance may have it.
 */
export class Numbers {
  readonly #options: Required<NumbersOptions>;
  /** The latest ones; those with a gap are in `#open` as well, and stay. */
  readonly #records = new Map<string, Seen>();
  readonly #open = new Map<string, Seen>();
  readonly #repeated = new Set<string>();

  constructor(options: NumbersOptions) {
    this.#options = { patienceMs: 60_000, onFound: () => {}, onUnnumbered: () => {}, ...options };
  }

  /** Numbers that are missing now: one, or the first and the last of some. */
  get missing(): string[] {
    return [...this.#open.values()].flatMap(({ missing }) => missing);
  }

  /** Numbers that two events have, as far as this instance has seen them. */
  get repeated(): string[] {
    return [...this.#repeated];
  }

  /** These are on record now. */
  recorded(events: readonly Identified[]): void {
    let unnumbered = 0;
    for (const event of events) {
      if (!isOfService(event) || !placeOf(event.id)) continue;
      if (event.record_sequence === undefined) unnumbered++;
      else this.#take(event, event.record_sequence);
    }
    if (unnumbered > 0) this.#options.onUnnumbered(unnumbered);
  }

  #take({ id, key, source }: Identified, number: number): void {
    const { record, version, n } = placeOf(id)!;
    const name = `${source} ${record}`;
    const seen = this.#open.get(name) ?? this.#records.get(name) ?? this.#begin(name, { key, record, source });
    const place = `${version}/${n}`;
    const known = seen.numbers.get(number);
    if (known !== undefined && known !== place) this.#foundRepeated(`${record}#${number}`);
    seen.numbers.set(number, known ?? place);
    seen.last = Math.max(seen.last, number);
    this.#settle(name, seen);
  }

  /** It is open while a number before its last one has not come. */
  #settle(name: string, seen: Seen): void {
    while (seen.numbers.has(seen.next)) seen.next++;
    if (seen.next > seen.last) {
      seen.missing = [];
      this.#open.delete(name);
    } else if (!this.#open.has(name) && this.#open.size < recordsAtMost) {
      seen.lookAt = after(this.#options.now(), this.#options.patienceMs);
      this.#open.set(name, seen);
    }
  }

  #begin(name: string, of: Pick<Seen, 'key' | 'record' | 'source'>): Seen {
    const seen: Seen = { ...of, numbers: new Map(), next: 1, last: 0, lookAt: this.#options.now(), missing: [] };
    for (const oldest of this.#records.keys()) {
      if (this.#records.size < recordsAtMost) break;
      this.#records.delete(oldest);
    }
    this.#records.set(name, seen);
    return seen;
  }

  #foundRepeated(id: string): void {
    if (this.#repeated.has(id) || this.#repeated.size >= repeatedAtMost) return;
    this.#repeated.add(id);
    this.#options.onFound('repeated', id);
  }

  /** Looks on record for what should be there by now. */
  async look(): Promise<void> {
    const { now } = this.#options;
    const due = [...this.#open].filter(([, { lookAt }]) => now() >= lookAt).slice(0, looksAtMost);
    for (const [name, seen] of due) await this.#lookFor(name, seen);
  }

  async #lookFor(name: string, seen: Seen): Promise<void> {
    const { log, now, onFound } = this.#options;
    const { key, last, record, source } = seen;
    const entries = await log.find({ filter: { key }, sort: [], limit: entriesAtMost });
    // Of what was removed nobody knows any more what it was.
    const isWhole = entries.length < entriesAtMost && entries.every(({ leaf }) => leaf !== null);
    const events = entries
      .map(({ leaf }) => ({ ...(JSON.parse(leaf ?? '{"id":""}') as Omit<Numbered, 'line'>), line: 0 }))
      .filter((event) => event.source === source && placeOf(event.id)?.record === record);
    const { missing, repeated } = numbersIn(events);
    for (const { id } of repeated) this.#foundRepeated(id);
    if (missing.length === 0 || !isWhole) {
      seen.next = Math.max(seen.next, last + 1);
      this.#open.delete(name);
      return this.#settle(name, seen);
    }
    const ids = missing.map(({ id }) => id);
    for (const id of ids) if (!seen.missing.includes(id)) onFound('missing', id);
    seen.missing = ids;
    seen.lookAt = after(now(), lookAgainMs);
  }
}
