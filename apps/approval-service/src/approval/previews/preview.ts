import { emit, type EventData, type NewEvent } from '@countersign/contracts';
import { approvalDigest, type Approval } from '@countersign/contracts/approvals';
import { type Preview, previewDigest, previewedCall } from '@countersign/contracts/previews';
import { after, toEpochSeconds, type EpochMillis, type Seconds } from '@countersign/contracts/time';
import { changed, ignored, rejected, touch } from '@countersign/persistence';
import { nextDue } from '../approval-request.js';
import type { ApprovalTransition } from '../messages.js';
import { callOf } from '../resolution.js';

/** The preview that a tool has, as the definitions here say. */
export interface PreviewTerms {
  timeout: Seconds;
  required: boolean;
}

/** An executor may be busy, or be started just now. */
const patience: Seconds = 60;

type Args = Approval['tool_args'];

/** Asks the executor what the call would do with these arguments. Nobody approves before it answers. */
export function requestPreview(
  approval: Approval,
  { terms: { timeout, required }, by, tool_args = approval.approved_args ?? approval.tool_args }: Wanted,
  now: EpochMillis,
): { approval: Approval; event: NewEvent } {
  const requested_at = toEpochSeconds(now);
  const round = (approval.preview?.round ?? 0) + 1;
  const answer_by = after(requested_at, timeout + patience);
  const nothing = { output: null, digest: null, reason: null };
  const before = approval.preview?.before ?? null;
  const call = previewedCall({ ...approval, tool_args });
  const of = { round, status: 'requested' as const, call, required, by, requested_at, answer_by, before };
  const redact = approval.requirements.flatMap(({ tool_execution }) => tool_execution.redact);
  const { tool_version, salt } = approval;
  const event = emit('approval.preview_asked', {
    ...callOf(approval),
    tool_args,
    tool_version,
    redact,
    salt,
    round,
    answer_by,
    // Put in where it is signed.
    signature: null,
  });
  return { approval: showing(approval, { ...of, ...nothing }), event };
}
interface Wanted {
  terms: PreviewTerms;
  by: string | null;
  tool_args?: Args | undefined;
}

/** What an executor says of it; of an earlier round it is late. */
export function answerPreview(
  approval: Approval,
  { round, call_digest, outcome, text }: EventData<'tool.previewed'>,
  now: EpochMillis,
): ApprovalTransition {
  const { preview, status } = approval;
  if (status !== 'pending' || preview?.status !== 'requested' || preview.round !== round)
    return ignored('it does not wait for this preview');
  if (call_digest !== preview.call) return rejected('call_changed', 'the preview is of another call');
  const shown =
    outcome === 'shown'
      ? { output: text, digest: previewDigest(preview.call, text), reason: null }
      : { output: null, digest: null, reason: text };
  return published(approval, { ...preview, ...shown, status: outcome }, now);
}

/** Nobody has answered: the executor is down, or does not know previews. */
export const endPreview = (approval: Approval, preview: Preview, now: EpochMillis): ApprovalTransition =>
  published(approval, { ...preview, status: 'failed', reason: 'No executor has answered in time.' }, now);

function published(approval: Approval, preview: Preview, now: EpochMillis): ApprovalTransition {
  const state = touch(showing(approval, preview), now, {});
  return changed(state, emit('approval.previewed', { ...callOf(state), status: state.status, preview }));
}

function showing(before: Approval, preview: Preview): Approval {
  const approval = { ...before, preview };
  return { ...approval, digest: approvalDigest(approval), due_at: nextDue(approval) };
}
