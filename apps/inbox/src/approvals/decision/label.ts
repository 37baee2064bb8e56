import type { Approval, DecisionVerdict } from '@countersign/contracts/approvals';

interface What {
  isDone: boolean;
  isChanged: boolean;
  isGranted: boolean;
}

/** What the button that approves does with the call that it names. */
export function approveVerb({ isDone, isChanged, isGranted }: What): string {
  if (isDone) return 'Approve as done';
  if (isChanged) return 'Approve with changes';
  return isGranted ? 'Approve and allow more' : 'Approve';
}

/** Why nobody approves yet what the preview shows, if so. @param isOfCall whether it is of what would run; null: only the server can tell */
export function previewState({ preview }: Pick<Approval, 'preview'>, isOfCall: boolean | null): string | null {
  if (!preview) return null;
  if (preview.status === 'requested') return 'The preview is being made. Wait for it.';
  if (!preview.required) return null;
  if (isOfCall === false) return 'The preview is of other arguments. Preview these, and read what it shows.';
  return preview.status === 'failed' ? 'There is no preview of this call, and its tool asks for one.' : null;
}

/** What speaks against sending a decision that is written, in words, and where to mend it. */
export interface Unready {
  of: 'question' | 'reason' | 'fields' | 'target' | 'rest' | 'preview';
  text: string;
}

interface Readiness {
  /** Who else waits for the answer to a question; null: nobody does. */
  askedBy: string | null;
  needsReason: boolean;
  isComplete: boolean;
  /** Why the preview is not one of what would run, where its tool asks for one; null: it is. */
  preview: string | null;
  /** Whether the end of the call has been in view. */
  isSeen: boolean;
  /** What has to be typed; null: nothing. */
  target: string | null;
  typed: string;
}

/** A rejection needs nothing but the reason that the rules ask for; an approval needs its call seen, and a critical one its target typed. */
export function unreadyFor(verdict: DecisionVerdict, given: Readiness): Unready | undefined {
  const { askedBy, needsReason, isComplete, preview, isSeen, target, typed } = given;
  if (verdict === 'approved' && askedBy !== null)
    return { of: 'question', text: `${askedBy} has asked a question. It is answered first; then you can approve.` };
  if (needsReason)
    return {
      of: 'reason',
      text: `The rules ask for a reason to ${verdict === 'approved' ? 'approve' : 'reject'}.`,
    };
  if (verdict === 'rejected') return undefined;
  if (!isComplete) return { of: 'fields', text: 'Some fields are missing or wrong.' };
  if (preview !== null) return { of: 'preview', text: preview };
  if (!isSeen) return { of: 'rest', text: 'There is more of this call than was in view. Read it, then approve it.' };
  if (target !== null && typed !== target)
    return { of: 'target', text: `This call is critical: type ${target} to approve it.` };
  return undefined;
}
