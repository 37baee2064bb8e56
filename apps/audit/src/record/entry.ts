import { entriesStored, type StoredEntry } from '@countersign/contracts/audit';
import { provenanceIn, type Provenance } from '@countersign/contracts/provenance';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import type { AppendLogDefinition } from '@countersign/persistence/append-log';
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

export type Entry = StoredEntry;

export const entryLog: AppendLogDefinition<Entry> = entriesStored;

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

/** When an event says it was; of what is no time nothing is late. */
export const timeOf = ({ time }: Pick<Recordable, 'time'>, otherwise: EpochMillis): EpochMillis => {
  const at = Date.parse(time);
  return Number.isNaN(at) ? otherwise : atMillis(at);
};
