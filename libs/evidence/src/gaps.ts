import type { Bundle, Entry } from './bundle.js';

/** An event that another one names and that is not on record. */
export interface MissingEvent {
  id: string;
  /** The line of the one that names it. */
  line: number;
}

type Naming = Pick<Entry, 'id'> & { causationid?: unknown };

/** `<collection>/<id>/<version>/<n>`: the n-th event of one change of a record. */
const ofRecord = /^(.+)\/\d+\/\d+$/s;
const inChange = /^(.+\/\d+\/)([1-9]\d{0,8})$/s;

/** Events that there must have been: what it came of, and what was published before it in the same change. */
export function eventsNamedBy({ id, causationid }: Naming): string[] {
  const [, change, n] = inChange.exec(id) ?? [];
  const before = n === undefined ? [] : [`${change}${Number(n) - 1}`];
  return typeof causationid === 'string' && ofRecord.test(causationid) ? [causationid, ...before] : before;
}

/**
 * What never arrived, as far as what did arrive shows that. Of other runs nothing is here, so what they caused is not
 * looked for.
 */
export function missingIn({ header, entries }: Bundle): MissingEvent[] {
  const recordOf = (id: string) => ofRecord.exec(id)?.[1];
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
