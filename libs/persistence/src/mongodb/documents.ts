import type { Event } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { systemClock, type EpochMillis } from '@countersign/contracts/time';
import { Binary, BSON, type ObjectId } from 'mongodb';
import type { StoredRecord } from '../store.js';
import { spill, spillFrom, wasSpilled, type PartsOf, type Text } from './parts.js';

/** A record's fields, and the events it has yet to tell the world: one write of one document stores both. */
export interface Document {
  _id: string;
  version: number;
  outbox: OutboxEntry[];
  /** When the oldest of them was committed, or earlier: a sweep looks for it. Not there while the outbox is empty. */
  outbox_since?: number;
  /** Name the latest commits that were sent together with others; see `GroupCommit`. */
  commit_ids?: ObjectId[];
  /** Where its long lists begin, when it is too large for one document; see `Parts`. */
  list_parts?: PartsOf;
}

export interface OutboxEntry {
  id: string;
  /** Epoch milliseconds, by the clock of the store as far as whoever committed knows it. */
  committed_at: number;
  /** The event as JSON; in a document of a former version as BSON. */
  event: unknown;
}

/** What is in a document besides its record. */
export const withoutInternals = { _id: 0, outbox: 0, outbox_since: 0, commit_ids: 0 } as const;

/** What a document may have, but for the ids of commits and its outbox' time, which it gets besides. */
const maxDocument = 16 * 1024 * 1024 - 1_024;

/** A document, and what has to be stored before it. */
export interface Split {
  document: Document;
  /** By their hash. */
  texts: ReadonlyMap<string, Text>;
}

const none: ReadonlyMap<string, Text> = new Map();

/** @throws TerminalError when no document can hold it, however its lists are cut. */
export function documentOf(
  id: string,
  state: StoredRecord,
  events: readonly Event[],
  committed_at: EpochMillis = systemClock(),
): Split {
  try {
    const fields = state as StoredRecord & Record<string, unknown>;
    const whole = wasSpilled(fields) ? undefined : encoded(id, state, events, committed_at);
    if (whole && whole.atMost <= spillFrom) return { document: whole.document, texts: none };
    const spilled = spill(fields);
    const rest = spilled ? (spilled.state as unknown as StoredRecord) : state;
    const { document } = whole && !spilled ? whole : encoded(id, rest, events, committed_at);
    if (spilled) document.list_parts = spilled.parts;
    return { document: checked(document), texts: spilled?.texts ?? none };
  } catch (error) {
    if (error instanceof TerminalError) throw error;
    throw new TerminalError('not_storable', 'cannot be stored in MongoDB', { cause: error });
  }
}

/** @returns the document, and bytes that it does not exceed. */
function encoded(
  _id: string,
  state: StoredRecord,
  events: readonly Event[],
  committed_at: EpochMillis,
): { document: Document; atMost: number } {
  const bound = { bytes: 3 * _id.length + elementBytes };
  const outbox = events.map((event) => {
    const entry = { id: event.id, committed_at, event: JSON.stringify(event) };
    bound.bytes += 3 * (entry.id.length + entry.event.length) + 4 * elementBytes;
    return entry;
  });
  const document: Document = {
    _id,
    ...(encode(state, bound) as { version: number }),
    outbox,
    ...(events.length > 0 && { outbox_since: committed_at }),
  };
  return { document, atMost: bound.bytes };
}

const sizeOf = (document: Document): number => BSON.calculateObjectSize(document, { ignoreUndefined: true });

/** Checked here, since the server's own answer can also mean that the outbox is full for the moment. */
function checked(document: Document): Document {
  const size = sizeOf(document);
  if (size <= maxDocument) return document;
  throw new TerminalError('not_storable', `${size} bytes are more than a document of MongoDB can hold`);
}

/** Ends at the first event that is too young, so that clocks that differ cannot make one overtake another. */
export function eventsIn(outbox: readonly OutboxEntry[], before = Infinity): Event[] {
  const end = outbox.findIndex(({ committed_at }) => committed_at >= before);
  return outbox
    .slice(0, end < 0 ? outbox.length : end)
    .map(({ event }) => (typeof event === 'string' ? JSON.parse(event) : decode(event)) as Event);
}

/** No fewer bytes than a document has: counted on the way, since an exact count goes through all of it once more. */
interface Bound {
  bytes: number;
}

/** What an element has besides its name and text: kind, length, end, number or place in a list. */
const elementBytes = 24;
const maxDepth = 32;
const plainKey = /^(?!\$|_bsontype$|__proto__$)[^.\0]+$/;

/**
 * JSON as BSON. MongoDB and its driver give a meaning to some keys that a model may well use as an argument's name
 * (`$set`, `a.b`, `_bsontype`), and they limit the depth; such an object is kept as the text of its JSON in a Binary,
 * which no JSON can be mistaken for.
 */
function encode(value: unknown, bound: Bound, depth = 0): unknown {
  bound.bytes += elementBytes;
  if (typeof value === 'string') {
    bound.bytes += 3 * value.length;
    return value.isWellFormed() ? value : asText(value, bound);
  }
  // As JSON has it: BSON has a negative zero as well.
  if (value === 0) return 0;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === maxDepth) return asText(value, bound);
  if (Array.isArray(value)) return value.map((item) => encode(item, bound, depth + 1));
  const encoded: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (!plainKey.test(key) || !key.isWellFormed()) return asText(value, bound);
    bound.bytes += 3 * key.length;
    encoded[key] = encode(item, bound, depth + 1);
  }
  return encoded;
}

/** The fields of what has no outbox. */
export const encodeFields = (fields: object): Record<string, unknown> =>
  encode(fields, { bytes: 0 }) as Record<string, unknown>;

function asText(value: unknown, bound: Bound): Binary {
  const bytes = Buffer.from(JSON.stringify(value));
  bound.bytes += bytes.length;
  return new Binary(bytes, Binary.SUBTYPE_USER_DEFINED);
}

export function decode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Binary) return JSON.parse(Buffer.from(value.value()).toString());
  if (Array.isArray(value)) return value.map(decode);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
}
