import {
  actorIn,
  entriesStored,
  identityOf,
  toolIn,
  unknownContent,
  type StoredEntry,
} from '@countersign/contracts/audit';
import type { Event, EventData } from '@countersign/contracts';
import { atMillis, systemClock } from '@countersign/contracts/time';
import { decode, type Bus, type Delivery } from '@countersign/messaging';
import { newRecord, update, insertOnce, type Database, type StoredRecord } from '@countersign/persistence';
import type { AppendLog } from '@countersign/persistence/append-log';
import { Frontier, leafHash, openCheckpoint, readKey, type Checkpoint, type NoteKey } from '@countersign/transparency';

/** What the store of the record gets from the topic of the record. */
export interface RecordRebuilt {
  dry_run: boolean;
  rebuilt: number;
  there: number;
  /** Entries that the last signed checkpoint covers: behind it stands what anybody with rights to the topic may have written. */
  covered: number;
  /** Entries that were too large for a message: their hash is there, and what they say is not. */
  without_text: number;
  /** Messages that are not of this record, or do not fit their own hash. */
  not_believed: number;
}

interface Options {
  dryRun: boolean;
  /** The key of the record, as people hand it on. */
  trust: string;
}

interface Parts {
  bus: Pick<Bus, 'read'>;
  database: Database;
}

const topics = ['audit.recorded', 'audit.checkpoint_signed'];
/** So many entries are in memory at once, however long a record is. */
const atOnce = 20_000;
const pageOf = 1_000;
const written = 200;

interface Published {
  /** By place, from the first that the store does not have. */
  hashes: Map<number, string>;
  checkpoints: Checkpoint[];
  notBelieved: number;
}

/**
 * Adds to the store of the record what it lacks and its topic has: the same leaves at the same places, so that all proofs and
 * checkpoints hold. What contradicts the store, a signed checkpoint or itself is written not at all.
 *
 * @throws Error that says what does not fit
 */
export async function recordFromTopic({ bus, database }: Parts, { dryRun, trust }: Options): Promise<RecordRebuilt> {
  const log = database.appendLog<StoredEntry>(entriesStored);
  const there = await log.length();
  const stored = await hashesOf(log, there);
  const { hashes, checkpoints, notBelieved } = await published(bus, readKey(trust), stored);
  let size = there;
  while (hashes.has(size)) size++;
  check(stored, hashes, size, checkpoints);
  const found = { dry_run: dryRun, rebuilt: size - there, there, without_text: 0, not_believed: notBelieved };
  const covered = Math.max(0, ...checkpoints.map((each) => each.size));
  const frontier = new Frontier();
  for (const hash of stored) frontier.append(bytesOf(hash));
  for (let from = there; from < size; from += atOnce) {
    const events = await entriesBetween(bus, from, Math.min(size, from + atOnce), hashes);
    const entries = events.map((event) => entryOf(event, frontier));
    found.without_text += entries.filter(({ leaf }) => leaf === null).length;
    if (!dryRun) for (let n = 0; n < entries.length; n += written) await log.append(entries.slice(n, n + written));
  }
  if (!dryRun && size > there) await publishedUpTo(database, size);
  return { ...found, covered };
}

async function hashesOf(log: AppendLog<StoredEntry>, size: number): Promise<string[]> {
  const hashes: string[] = [];
  while (hashes.length < size) {
    const page = await log.find({ filter: { position: { gte: hashes.length } }, sort: [], limit: pageOf });
    if (page.length === 0) throw new Error(`The store lacks entry ${hashes.length}, and has later ones.`);
    for (const { nodes, position } of page) {
      if (position !== hashes.length) throw new Error(`The store lacks entry ${hashes.length}, and has later ones.`);
      hashes.push(nodes.split(' ', 1)[0]!);
    }
  }
  return hashes;
}

async function published(bus: Parts['bus'], key: NoteKey, stored: readonly string[]): Promise<Published> {
  const found: Published = { hashes: new Map(), checkpoints: [], notBelieved: 0 };
  const take = async (delivery: Delivery) => {
    const event = readable(delivery);
    if (event?.type === 'audit.checkpoint_signed') {
      const { note } = event.data as EventData<'audit.checkpoint_signed'>;
      const checkpoint = await openCheckpoint(note, key).catch(() => undefined);
      if (checkpoint) found.checkpoints.push(checkpoint);
      else found.notBelieved++;
    } else if (event && isOfRecord(event)) {
      const { index, leaf_hash } = event.data;
      const known = stored[index] ?? found.hashes.get(index);
      if (known !== undefined && known !== leaf_hash) throw new Error(`Two entries are said to be number ${index}.`);
      if (index >= stored.length) found.hashes.set(index, leaf_hash);
    } else found.notBelieved++;
  };
  await bus.read({
    topics,
    take: async (deliveries) => {
      for (const delivery of deliveries) await take(delivery);
    },
  });
  return found;
}

/** Every checkpoint that was signed is of this beginning of the record. */
function check(
  stored: readonly string[],
  hashes: Published['hashes'],
  size: number,
  checkpoints: readonly Checkpoint[],
) {
  const bySize = checkpoints.toSorted((one, other) => one.size - other.size);
  const last = bySize.at(-1);
  if (last && last.size > size)
    throw new Error(`A checkpoint of ${last.size} entries is signed, and entry ${size} is not on the topic.`);
  if (!last && size > 0) throw new Error('No checkpoint on the topic is signed by this key.');
  const frontier = new Frontier();
  const mustBe = () => {
    for (; bySize[0]?.size === frontier.size; bySize.shift())
      if (!Buffer.from(frontier.root).equals(Buffer.from(bySize[0].root)))
        throw new Error(`The first ${frontier.size} entries are not those of the checkpoint that is signed.`);
  };
  mustBe();
  for (let index = 0; index < size; index++) {
    frontier.append(bytesOf(stored[index] ?? hashes.get(index)!));
    mustBe();
  }
}

type Recorded = Event<'audit.recorded'>;

async function entriesBetween(
  bus: Parts['bus'],
  from: number,
  to: number,
  hashes: ReadonlyMap<number, string>,
): Promise<Recorded[]> {
  const events = new Map<number, Recorded>();
  await bus.read({
    topics: ['audit.recorded'],
    take: async (deliveries) => {
      for (const event of deliveries.map(readable))
        if (event && isOfRecord(event)) {
          const { index, leaf_hash } = event.data;
          if (index >= from && index < to && hashes.get(index) === leaf_hash) events.set(index, event);
        }
    },
  });
  return Array.from({ length: to - from }, (_, n) => {
    const event = events.get(from + n);
    if (!event) throw new Error(`Entry ${from + n} was on the topic, and is not any more.`);
    return event;
  });
}

const utf8 = new TextEncoder();
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** One that says what its own hash is of. */
function isOfRecord(event: Event): event is Recorded {
  if (event.type !== 'audit.recorded') return false;
  const { leaf, leaf_hash } = (event as Recorded).data;
  if (leaf === null) return bytesOf(leaf_hash).length === 32;
  return base64Of(leafHash(utf8.encode(leaf))) === leaf_hash;
}

type Leaf = { id: string; source: string; time: string; authid?: string; data: Record<string, unknown> };

function entryOf({ data, time }: Recorded, frontier: Frontier): StoredEntry {
  const { index, key, leaf, leaf_hash, sequence, type } = data;
  const nodes = frontier.append(bytesOf(leaf_hash)).map(({ hash }) => base64Of(hash));
  const at = {
    position: index,
    content: unknownContent,
    recorded_at: atMillis(Date.parse(time)),
    nodes: nodes.join(' '),
  };
  if (leaf === null)
    return { ...at, identity: `unknown/${index}`, key, sequence, type, actor: null, tool_name: null, time, leaf };
  const said = JSON.parse(leaf) as Leaf & Pick<StoredEntry, 'key' | 'sequence' | 'type'>;
  const found = { actor: actorIn(said), tool_name: toolIn(said.data), identity: identityOf(said) };
  return { ...at, ...found, key: said.key, sequence: said.sequence, type: said.type, time: said.time, leaf };
}

type Position = StoredRecord & { id: string; next: number };

/** It is on its topic. */
async function publishedUpTo(database: Database, next: number): Promise<void> {
  const { store } = database.collection<Position>({ name: 'audit_positions', key: 'id', indexes: [] });
  const now = systemClock();
  if (await insertOnce(store, { ...newRecord(now), id: 'published', next })) return;
  await update(store, 'published', now, (position) => (position.next < next ? { ...position, next } : undefined));
}

function readable(delivery: Delivery): Event | undefined {
  try {
    return decode(delivery);
  } catch {
    return undefined;
  }
}
