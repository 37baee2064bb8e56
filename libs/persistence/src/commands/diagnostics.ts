import { channel } from 'node:diagnostics_channel';
import type { Event } from '@countersign/contracts';

/** Published around each commit of a record, for tracing, metrics and tests that need to be at an exact point. */
export interface CommitDiagnostic {
  collection: string;
  id: string;
  version: number;
  events: readonly Event[];
}

/** A decision was made and is about to be stored. */
export const committing = channel('countersign:committing');
/** The decision is stored, its events may not be published yet. */
export const committed = channel('countersign:committed');
/** Events are in the log (`{ events }`), and the store may not know it yet. */
export const published = channel('countersign:published');
