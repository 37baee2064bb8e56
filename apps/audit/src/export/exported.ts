import type { AuditExportFormat } from '@countersign/contracts/audit';
import type { Entry } from '../record/entry.js';
import { cefOf } from './cef.js';
import { ocsfOf } from './ocsf.js';
import type { Recorded } from './recorded.js';

type Line = (entry: Recorded) => string;

const lines: Readonly<Record<AuditExportFormat, Line>> = {
  ndjson: ({ index, leaf_hash, recorded_at, leaf }) =>
    `{"index":${index},"leaf_hash":"${leaf_hash}","recorded_at":${recorded_at},"entry":${leaf}}`,
  ocsf: (entry) => JSON.stringify(ocsfOf(entry)),
  cef: cefOf,
};

/** Entries as lines of a format, each ended by a line feed. */
export const exported = (entries: readonly Entry[], format: AuditExportFormat): string =>
  entries.map((entry) => `${lines[format](recordedOf(entry))}\n`).join('');

function recordedOf({ position, nodes, recorded_at, leaf }: Entry): Recorded {
  const event = JSON.parse(leaf) as Omit<Recorded, 'index' | 'leaf_hash' | 'recorded_at' | 'leaf'>;
  return { ...event, index: position, leaf_hash: nodes.split(' ', 1)[0]!, recorded_at, leaf };
}
