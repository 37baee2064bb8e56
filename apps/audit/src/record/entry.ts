import { derivedId } from '@countersign/contracts';
import { provenanceIn, type Provenance } from '@countersign/contracts/provenance';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import type { AppendLogDefinition, Positioned } from '@countersign/persistence/append-log';
import { leafHash, type Completed, type Hash } from '@countersign/transparency';
import { canonicalText, fieldTexts, objectText } from './canonical-text.js';

/** What is to be recorded: an event as an audience may see it, or what is known of a message that is none. */
export interface Recordable extends Partial<Provenance> {
  id: string;
  source: string;
  type: string;
  /** ISO 8601. */
  time: string;
  subject: string;
  /** Its number among the events of its record, as its sender says. */
  record_sequence?: number | undefined;
  /** The run it is about, or the tool where there is no run: entries of a key are numbered. */
  key: string;
  data: Record<string, unknown>;
  /** The canonical text of `data`, where it is known. */
  text?: string;
  /** The version of the schema that it was read by. */
  schema?: string | undefined;
  /** Hash of all that arrived, hidden values too; it is stored here and shown to nobody. */
  content: string;
}

/** An entry of the record, with what it is found by. */
export interface Entry extends Positioned {
  /** Of source and id. */
  identity: string;
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

export const entryLog: AppendLogDefinition<Entry> = {
  name: 'audit_entries',
  indexes: [['identity'], ['key'], ['actor'], ['tool_name'], ['type']],
};

export const identityOf = ({ source, id }: Pick<Recordable, 'source' | 'id'>): string => derivedId('audit', source, id);

/** The text of an entry: its event and its number, and nothing of when and how it came here. */
export const leafOf = (event: Recordable, sequence: number): string => {
  const { id, source, type, time, subject, record_sequence, key, schema, data, text } = event;
  const said = { id, source, type, time, subject, record_sequence, ...provenanceIn(event) };
  const texts = fieldTexts({ ...said, key, schema, sequence });
  return objectText(texts.set('data', text ?? canonicalText(data)));
};

const utf8 = new TextEncoder();
export const hashOf = (leaf: string): Hash => leafHash(utf8.encode(leaf));

export const nodesText = (nodes: readonly Completed[]): string =>
  nodes.map(({ hash }) => Buffer.from(hash).toString('base64')).join(' ');
export const nodeIn = ({ nodes }: Pick<Entry, 'nodes'>, level: number): Hash =>
  Uint8Array.from(Buffer.from(nodes.split(' ')[level]!, 'base64'));

/** Who did what an event says, as far as it says so. */
export function actorIn({ authid, data }: Pick<Recordable, 'authid' | 'data'>): string | null {
  if (authid !== undefined) return authid;
  const nested = [data['decision'], data['comment']].flatMap((each) => fieldsOf(each)['by'] ?? []);
  const named = [data['by'], data['resolved_by'], ...nested, data['requested_by'], data['user_id']];
  return (named.find((name) => typeof name === 'string') as string | undefined) ?? null;
}

export const toolIn = ({ tool_name }: Record<string, unknown>): string | null =>
  typeof tool_name === 'string' ? tool_name : null;

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** When an event says it was; of what is no time nothing is late. */
export const timeOf = ({ time }: Pick<Recordable, 'time'>, otherwise: EpochMillis): EpochMillis => {
  const at = Date.parse(time);
  return Number.isNaN(at) ? otherwise : atMillis(at);
};
