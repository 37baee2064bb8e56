import { eventJsonSchema, isEventName, type EventName } from '@countersign/contracts';
import type { Clock } from '@countersign/contracts/time';
import type { SchemaOfVersion } from '@countersign/evidence';
import { insertOnce, newRecord, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import { hash } from 'node:crypto';
import { canonicalText } from '../record/canonical-text.js';

/** A schema by which something on record was read. Its key is its digest. */
interface KeptSchema extends StoredRecord {
  id: string;
  /** As RFC 8785 writes it. */
  text: string;
}

export const schemaCollection: Collection<KeptSchema> = { name: 'audit_schemas', key: 'id', indexes: [] };

/** Keeps the schemas of events: evidence of what an earlier version of this service has read has them as they were. */
export class Schemas {
  /** Many messages of a type come at once, and a schema is written out once. */
  readonly #versions = new Map<string, Promise<string>>();

  constructor(
    private readonly store: Store<KeptSchema>,
    private readonly now: Clock,
  ) {}

  /** Of the events of a type, kept; undefined where there is none. @throws RetryableError */
  async versionOf(type: string): Promise<string | undefined> {
    if (!isEventName(type)) return undefined;
    const known = this.#versions.get(type);
    if (known) return known;
    const kept = this.#keep(type);
    this.#versions.set(type, kept);
    kept.catch(() => this.#versions.delete(type));
    return kept;
  }

  async #keep(type: EventName): Promise<string> {
    const text = canonicalText(eventJsonSchema(type));
    const id = hash('sha256', text).slice(0, 32);
    await insertOnce(this.store, { id, text, ...newRecord(this.now()) });
    return id;
  }

  async of(versions: Iterable<string>): Promise<SchemaOfVersion[]> {
    const found = await this.store.find({ filter: { id: { in: [...versions] } }, sort: [], limit: 1_000 });
    return found.map(({ id, text }) => ({ version: id, schema: JSON.parse(text) as SchemaOfVersion['schema'] }));
  }
}
