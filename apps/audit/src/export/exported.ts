import type { AuditExportFormat } from '@countersign/contracts/audit';
import type { Entry } from '../record/entry.js';
import { cefOf } from './cef.js';
import { ocsfOf } from './ocsf.js';
import type { Recorded } from './recorded.js';

type Line = (entry: Recorded) => string;

const lines: Readonly<Record<AuditExportFormat, Line>> = {
  ndjson: (entry) => ndjson(entry, entry.leaf),
  ocsf: (entry) => JSON.stringify(ocsfOf(entry)),
  cef: cefOf,
};

const ndjson = ({ index, leaf_hash, recorded_at }: Omit<Place, 'leaf'>, leaf: string | null): string =>
  `{"index":${index},"leaf_hash":"${leaf_hash}","recorded_at":${recorded_at},"entry":${leaf}}`;

/** Entries as lines of a format, each ended by a line feed. What was removed has its place in NDJSON alone. */
export const exported = (entries: readonly Entry[], format: AuditExportFormat): string =>
  entries
    .map(placeOf)
    .flatMap(({ leaf, ...place }) => {
      if (leaf === null) return format === 'ndjson' ? [`${ndjson(place, null)}\n`] : [];
      const event = JSON.parse(leaf) as Omit<Recorded, keyof Place>;
      return [`${lines[format]({ ...event, ...place, leaf })}\n`];
    })
    .join('');

type Place = Pick<Recorded, 'index' | 'leaf_hash' | 'recorded_at'> & Pick<Entry, 'leaf'>;

const placeOf = ({ position, nodes, recorded_at, leaf }: Entry): Place => ({
  index: position,
  leaf_hash: nodes.split(' ', 1)[0]!,
  recorded_at,
  leaf,
});
