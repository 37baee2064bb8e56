import { hash } from 'node:crypto';
import type { Collection as Documents } from 'mongodb';

/** A piece of a list that has no room in its record's document. It never changes: its id says what is in it. */
export interface Part {
  _id: string;
  json: string;
}

/** By field: the parts before what is in the document, in order, each by the hash of its text. */
export type PartsOf = Record<string, string[]>;

/** Bytes of a document from which a record keeps its long lists in parts; it holds 16 MB. */
export const spillFrom = 6 * 1024 * 1024;
/** Characters of a part: enough that a list grows without its parts being cut anew. */
const partLength = 1024 * 1024;

/** A record as its document has it. */
export interface Spilled {
  /** Its lists end with what is in no part. */
  state: Record<string, unknown>;
  parts: PartsOf;
  /** What the parts hold, by their hash. */
  texts: Map<string, string>;
}

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

function cut(list: readonly unknown[], texts: Map<string, string>): { hashes: string[]; rest: unknown[] } {
  const hashes: string[] = [];
  let pending: string[] = [];
  let [length, begin] = [0, 0];
  for (const [n, item] of list.entries()) {
    const json = JSON.stringify(item);
    pending.push(json);
    length += json.length;
    if (length < partLength) continue;
    const text = `[${pending.join()}]`;
    const name = hash('sha256', text);
    texts.set(name, text);
    hashes.push(name);
    [pending, length, begin] = [[], 0, n + 1];
  }
  return { hashes, rest: list.slice(begin) };
}

const most = 1_000;

/** The parts of the records of a collection, in a collection of their own. */
export class Parts {
  /** Those that were seen to be stored. */
  readonly #stored = new Set<string>();

  constructor(private readonly documents: Documents<Part>) {}

  /** Stores what is not there yet; before the record, so that no record names a part that is missing. */
  async store(record: string, texts: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, json] of texts) {
      const _id = idOf(record, name);
      if (this.#stored.has(_id)) continue;
      await this.documents.updateOne({ _id }, { $setOnInsert: { json } }, { upsert: true });
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
