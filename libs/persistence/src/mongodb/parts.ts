import { hash } from 'node:crypto';
import type { Collection as Documents } from 'mongodb';

/** A piece of a list that has no room in its record's document. It never changes: its id says what is in it. */
export interface Part {
  _id: string;
  json: string;
}

/** By field: the parts before what is in the document, in order, each by the hash of its text. */
export type PartsOf = Record<string, string[]>;

/** Bytes that a record may have before its long lists are kept in parts; a document holds 16 MB, and is written whole each time. */
export const spillFrom = 2 * 1024 * 1024;
const partLength = 128 * 1024;
/** Characters at the end of a list that are in no part: what changes is there, and a part that is changed is left behind. */
const tailLength = 512 * 1024;

/** A record as its document has it. */
export interface Spilled {
  /** Its lists end with what is in no part. */
  state: Record<string, unknown>;
  parts: PartsOf;
  /** What the parts hold, by their hash. */
  texts: Map<string, Text>;
}

/** Made only for a part that is not stored yet. */
export type Text = () => string;

/**
 * Cuts the long lists of a record that is large for one document. What a list begins with is cut in the same way each
 * time, so that one that only grows has the parts that it had, and one more from time to time.
 *
 * @returns undefined when there are none.
 */
export function spill(state: Record<string, unknown>): Spilled | undefined {
  const spilled: Spilled = { state: { ...state }, parts: {}, texts: new Map() };
  for (const [field, list] of Object.entries(state)) {
    if (!Array.isArray(list)) continue;
    const { hashes, rest } = cut(list, spilled.texts);
    if (hashes.length === 0) continue;
    spilled.parts[field] = hashes;
    spilled.state[field] = rest;
  }
  return Object.keys(spilled.parts).length > 0 ? spilled : undefined;
}

/** Whether a list of the record was cut before, so that the record need not be measured. */
export const wasSpilled = (state: Record<string, unknown>): boolean =>
  Object.values(state).some((list) => Array.isArray(list) && cutBefore(list, 0) !== undefined);

interface Cut {
  items: readonly unknown[];
  name: string;
}

/** By their first item. Records are immutable, so a part that has the same items has the same text. */
const cuts = new WeakMap<object, Cut>();

function cutBefore(list: readonly unknown[], begin: number): Cut | undefined {
  const first = list[begin];
  const known = typeof first === 'object' && first !== null ? cuts.get(first) : undefined;
  return known?.items.every((item, n) => item === list[begin + n]) ? known : undefined;
}

function cut(list: readonly unknown[], texts: Map<string, Text>): { hashes: string[]; rest: unknown[] } {
  const hashes: string[] = [];
  let begin = 0;
  const add = (part: Cut) => {
    hashes.push(part.name);
    texts.set(part.name, () => JSON.stringify(part.items));
    begin += part.items.length;
  };
  for (let known = cutBefore(list, 0); known; known = cutBefore(list, begin)) add(known);
  const tail = list.slice(begin).map((item) => JSON.stringify(item));
  let left = tail.reduce((sum, { length }) => sum + length, 0);
  for (let at = 0; left >= partLength + tailLength;) {
    const first = at;
    let length = 0;
    while (length < partLength) length += tail[at++]!.length;
    left -= length;
    if (left < tailLength) break;
    add(newCut(list.slice(begin, begin + at - first), tail.slice(first, at)));
  }
  return { hashes, rest: list.slice(begin) };
}

function newCut(items: readonly unknown[], jsons: readonly string[]): Cut {
  const [first] = items;
  const part = { items, name: hash('sha256', `[${jsons.join()}]`) };
  if (typeof first === 'object' && first !== null) cuts.set(first, part);
  return part;
}

const most = 10_000;

/** The parts of the records of a collection, in a collection of their own. */
export class Parts {
  /** Those that were seen to be stored. */
  readonly #stored = new Set<string>();

  constructor(private readonly documents: Documents<Part>) {}

  /** Stores what is not there yet; before the record, so that no record names a part that is missing. */
  async store(record: string, texts: ReadonlyMap<string, Text>): Promise<void> {
    for (const [name, text] of texts) {
      const _id = idOf(record, name);
      if (this.#stored.has(_id)) continue;
      await this.documents.updateOne({ _id }, { $setOnInsert: { json: text() } }, { upsert: true });
      this.#stored.add(_id);
      if (this.#stored.size > most) this.#stored.delete(this.#stored.values().next().value!);
    }
  }

  /** Puts the lists of a record together. */
  async join(record: string, state: Record<string, unknown>, parts: PartsOf): Promise<Record<string, unknown>> {
    const ids = [...new Set(Object.values(parts).flat())].map((name) => idOf(record, name));
    const texts = new Map<string, string>();
    for await (const { _id, json } of this.documents.find({ _id: { $in: ids } })) texts.set(_id, json);
    const joined = { ...state };
    for (const [field, names] of Object.entries(parts)) {
      const begin = names.flatMap((name) => JSON.parse(texts.get(idOf(record, name))!) as unknown[]);
      joined[field] = [...begin, ...(state[field] as unknown[])];
    }
    return joined;
  }

  /** Of a record that is gone. */
  async remove(record: string): Promise<void> {
    await this.documents.deleteMany({ _id: { $gte: idOf(record, ''), $lt: idOf(record, 'g') } });
    for (const id of this.#stored) if (id.startsWith(idOf(record, ''))) this.#stored.delete(id);
  }
}

/** The parts of a record are next to each other, and those of no other between them, whatever text its key is. */
const idOf = (record: string, name: string): string => `${hash('sha256', record)}/${name}`;
