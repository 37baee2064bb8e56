import type { EventData } from '@countersign/contracts';
import { resultDigest } from '../results/result-digest.js';

/**
 * The digest of what a decision says besides the call, and is acted on: what is hidden of it, who is named for it, and
 * what is passed to the model. It is the canonical JSON, and has one for half a character too, which a note may hold.
 */
export const decisionDetailsDigest = ({
  redact,
  resolved_by,
  resolution_data,
}: Pick<EventData<'approval.resolved'>, 'redact' | 'resolved_by' | 'resolution_data'>): string =>
  resultDigest(JSON.stringify({ note: resolution_data?.note ?? null, redact, resolved_by }));
