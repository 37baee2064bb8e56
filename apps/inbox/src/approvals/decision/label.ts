import type { DecisionVerdict } from '@countersign/contracts/approvals';

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

/** What speaks against sending a decision that is written, in words, and where to mend it. */
export interface Unready {
  of: 'question' | 'reason' | 'fields' | 'target' | 'rest';
  text: string;
}

interface Readiness {
  /** Who else waits for the answer to a question; null: nobody does. */
  askedBy: string | null;
  needsReason: boolean;
  isComplete: boolean;
  /** Whether the end of the call has been in view. */
  isSeen: boolean;
  /** What has to be typed; null: nothing. */
  target: string | null;
  typed: string;
}

/** A rejection needs nothing but the reason that the rules ask for; an approval needs its call seen, and a critical one its target typed. */
export function unreadyFor(verdict: DecisionVerdict, given: Readiness): Unready | undefined {
  const { askedBy, needsReason, isComplete, isSeen, target, typed } = given;
  if (verdict === 'approved' && askedBy !== null)
    return { of: 'question', text: `${askedBy} has asked a question. It is answered first; then you can approve.` };
  if (needsReason)
    return {
      of: 'reason',
      text: `The rules ask for a reason to ${verdict === 'approved' ? 'approve' : 'reject'}.`,
    };
  if (verdict === 'rejected') return undefined;
  if (!isComplete) return { of: 'fields', text: 'Some fields are missing or wrong.' };
  if (!isSeen) return { of: 'rest', text: 'There is more of this call than was in view. Read it, then approve it.' };
  if (target !== null && typed !== target)
    return { of: 'target', text: `This call is critical: type ${target} to approve it.` };
  return undefined;
}
