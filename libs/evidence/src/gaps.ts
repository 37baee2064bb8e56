import type { Bundle, Entry } from './bundle.js';

/** What is not on record, or is there twice, by an event's id or as `<record>#<number>`, and `<record>#<from>-<to>`. */
export interface Finding {
  id: string;
  /** The line of the event that shows it. */
  line: number;
}

type Naming = Pick<Entry, 'id'> & { causationid?: unknown };
export type Numbered = Pick<Entry, 'id' | 'source' | 'line'> & { record_sequence?: unknown };

/** `<collection>/<id>/<version>/<n>`: the n-th event of one change of a record. */
const ofRecord = /^(.+)\/(\d{1,15})\/(\d{1,15})$/s;
const inChange = /^(.+\/\d+\/)([1-9]\d{0,8})$/s;

interface Place {
  record: string;
  version: number;
  n: number;
}

/** The place of an event among those of its record, by its id. */
export function placeOf(id: string): Place | undefined {
  const [, record, version, n] = ofRecord.exec(id) ?? [];
  return record === undefined ? undefined : { record, version: Number(version), n: Number(n) };
}

const isBefore = (one: Omit<Place, 'record'>, other: Omit<Place, 'record'>): boolean =>
  one.version < other.version || (one.version === other.version && one.n < other.n);

/** Events that there must have been: what it came of, and what was published before it in the same change. */
export function eventsNamedBy({ id, causationid }: Naming): string[] {
  const [, change, n] = inChange.exec(id) ?? [];
  const before = n === undefined ? [] : [`${change}${Number(n) - 1}`];
  return typeof causationid === 'string' && placeOf(causationid) ? [causationid, ...before] : before;
}

/**
 * What never arrived, as far as what did arrive names it. Of other runs nothing is here, so what they caused is not
 * looked for.
 */
export function missingIn({ header, entries }: Pick<Bundle, 'header' | 'entries'>): Finding[] {
  const recordOf = (id: string) => placeOf(id)?.record;
  const calls = entries.map(({ data }) => data['approval_id']).filter((id) => typeof id === 'string');
  const records = new Set([
    `runs/${header.run_id}`,
    ...calls.flatMap((id) => [`approvals/${id}`, `executions/${id}`]),
    ...entries.map(({ id }) => recordOf(id)),
  ]);
  const there = new Set(entries.map(({ id }) => id));
  const missing = new Map<string, number>();
  for (const entry of entries)
    for (const id of eventsNamedBy(entry))
      if (!there.has(id) && records.has(recordOf(id)) && !missing.has(id)) missing.set(id, entry.line);
  return [...missing].map(([id, line]) => ({ id, line }));
}

/** What the numbers of the events of records say: who sends them counts each record's from 1 and without a gap. */
export interface Numbers {
  missing: Finding[];
  /** Numbers of more than one event: of a store that was restored, or of events that somebody made up. */
  repeated: Finding[];
  /** Events of records that have none: versions of before there were numbers have sent them. */
  unnumbered: number;
}

/** Whoever sends commands may count in another way. */
export const isOfService = ({ source }: Pick<Entry, 'source'>): boolean => source.startsWith('/countersign/');

/** @param named events that are missing as well, and have a number that nobody knows */
export function numbersIn(entries: readonly Numbered[], named: readonly Finding[] = []): Numbers {
  const records = new Map<string, (Numbered & { place: Place })[]>();
  for (const entry of entries) {
    const place = isOfService(entry) ? placeOf(entry.id) : undefined;
    if (!place) continue;
    const name = JSON.stringify([entry.source, place.record]);
    const events = records.get(name) ?? [];
    events.push({ ...entry, place });
    records.set(name, events);
  }
  const found: Numbers = { missing: [], repeated: [], unnumbered: 0 };
  for (const events of records.values()) {
    const { record } = events[0]!.place;
    const numberless = events.filter(({ record_sequence }) => !isNumber(record_sequence));
    found.unnumbered += numberless.length;
    const withoutNumber = [...numberless.map(({ place }) => place), ...named.flatMap(({ id }) => placeOf(id) ?? [])];
    let last = { number: 0, id: '', place: { version: -1, n: 0 } };
    for (const { id, line, place, record_sequence } of byNumber(events)) {
      const number = record_sequence as number;
      if (number === last.number && id !== last.id) found.repeated.push({ id: `${record}#${number}`, line });
      const gap = number - last.number - 1;
      const isBetween = (each: Place) => each.record === record && isBefore(last.place, each) && isBefore(each, place);
      // A version of before there were numbers may have published one of these without its own.
      if (gap > 0 && gap > withoutNumber.filter(isBetween).length)
        found.missing.push({ id: `${record}#${range(last.number + 1, number - 1)}`, line });
      last = { number, id, place };
    }
  }
  return found;
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
const byNumber = <E extends Numbered>(events: readonly E[]): E[] =>
  events
    .filter(({ record_sequence }) => isNumber(record_sequence))
    .toSorted((one, other) => (one.record_sequence as number) - (other.record_sequence as number));
const range = (from: number, to: number): string => (from === to ? String(from) : `${from}-${to}`);
