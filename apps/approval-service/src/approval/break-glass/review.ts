import { emit } from '@countersign/contracts';
import { isMember, type Approval } from '@countersign/contracts/approvals';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { askersOf, mayDecide } from '@countersign/definitions/policy';
import { changed, rejected, touch } from '@countersign/persistence';
import type { ApprovalTransition } from '../messages.js';
import { callOf } from '../resolution.js';

export interface ReviewCommand {
  by: string | null;
  groups: readonly string[];
  text: string;
}

/** Somebody else looks at a broken glass afterwards: one of those who might have decided, or have broken it. */
export function review(approval: Approval, { by, groups, text }: ReviewCommand, now: EpochMillis): ApprovalTransition {
  const { break_glass, review: status, terms } = approval;
  if (break_glass === null || status !== 'open') return rejected('review_not_open', 'there is no review to close');
  const askers = askersOf(approval);
  if (by === null || by === break_glass.by || askers === null || askers.includes(by))
    return rejected('may_not_review', 'somebody reviews it who neither broke the glass nor requested the call');
  const person = { by, groups };
  const mayHave = mayDecide(terms, by, askers, groups, true) === undefined;
  if (!mayHave && !terms.break_glass.some((group) => isMember(group, person)))
    return rejected('may_not_review', 'somebody reviews it whom the rules let decide on such a call');
  const reviewed = { by, at: toEpochSeconds(now), text };
  const state = touch(approval, now, { review: 'closed' as const, reviewed });
  const { status: is } = approval;
  return changed(
    state,
    emit('approval.glass_reviewed', { ...callOf(state), status: is, break_glass, review: reviewed }),
  );
}
