import { derivedId } from '../events/ids.js';
import type { EpochMillis } from '../time/epoch.js';

/** An entry of the record, with what it is found by. */
export interface StoredEntry {
  /** Its place, from 0. */
  position: number;
  /** Of source and id. */
  identity: string;
  /** Hash of all that arrived, hidden values too; it is stored here and shown to nobody. */
  content: string;
  key: string;
  sequence: number;
  type: string;
  actor: string | null;
  tool_name: string | null;
  time: string;
  recorded_at: EpochMillis;
  /** The bytes that the leaf of the tree is of, as text; null: they were removed. */
  leaf: string | null;
  /** The nodes of the tree that are complete with this leaf, itself first, in base64 with spaces between. */
  nodes: string;
}

/** Of an entry that was rebuilt from what was published of it: whatever comes with its source and id is taken for it. */
export const unknownContent = '';

export const entriesStored = {
  name: 'audit_entries',
  indexes: [['identity'], ['key'], ['actor'], ['tool_name'], ['type']],
} as const;

export const identityOf = ({ source, id }: { source: string; id: string }): string => derivedId('audit', source, id);

/** Who did what an event says, as far as it says so. */
export function actorIn({
  authid,
  data,
}: {
  authid?: string | undefined;
  data: Record<string, unknown>;
}): string | null {
  if (authid !== undefined) return authid;
  const nested = [data['decision'], data['comment']].flatMap((each) => fieldsOf(each)['by'] ?? []);
  const named = [data['by'], data['resolved_by'], ...nested, data['requested_by'], data['user_id']];
  return (named.find((name) => typeof name === 'string') as string | undefined) ?? null;
}

export const toolIn = ({ tool_name }: Record<string, unknown>): string | null =>
  typeof tool_name === 'string' ? tool_name : null;

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
