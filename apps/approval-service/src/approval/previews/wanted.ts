import type { Approval } from '@countersign/contracts/approvals';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, rejected, touch } from '@countersign/persistence';
import type { Rules } from '../../policy/rules.js';
import { argsOf, editObjection, unauthorised } from '../decision.js';
import type { StandIn } from '../deputies/deputy.js';
import { due } from '../due.js';
import type { ApprovalTransition } from '../messages.js';
import { hold } from '../rejudge.js';
import { requestPreview, type PreviewTerms } from './preview.js';

export interface PreviewCommand {
  by: string;
  /** Those of whoever wants it, as the identity system says. */
  groups: readonly string[];
  standsInFor?: readonly StandIn[] | undefined;
  /** As they would be approved in place of the requested ones. */
  tool_args?: Approval['tool_args'] | undefined;
  /** What a person fills in, as it would be approved. */
  values?: Approval['tool_args'] | undefined;
  /** What the definitions here say of its tool; null: it has no preview. */
  terms: PreviewTerms | null;
  /** Those in force where it is asked for. */
  rules: Rules;
}

const mostPreviews = 100;

/** Whoever may decide may see once more what the call would do, or what it would do with the arguments they would approve. */
export function wantPreview(pending: Approval, wanted: PreviewCommand, now: EpochMillis): ApprovalTransition {
  if (pending.status !== 'pending') return rejected('already_resolved', `already resolved: ${pending.status}`);
  const { by, terms, tool_args, values, rules } = wanted;
  const held = hold(pending, rules, now);
  if ('kind' in held) return held;
  const { approval, events } = held;
  if (approval.expires_at !== null && approval.expires_at <= toEpochSeconds(now)) return due(approval, now);
  const isAsItStands = tool_args === undefined && values === undefined;
  const resolution_data = isAsItStands ? null : { ...(tool_args && { tool_args }), ...(values && { values }) };
  const decided = { ...wanted, verdict: 'approved' as const, resolution_data };
  const objection = unauthorised(approval, decided) ?? (isAsItStands ? null : editObjection(approval, decided));
  if (objection) return rejected(objection.code, objection.reason);
  if (terms === null) return rejected('preview_not_possible', 'its tool has no preview');
  if (approval.preview?.status === 'requested') return rejected('preview_not_possible', 'a preview is under way');
  if (approval.decisions.some(({ verdict }) => verdict === 'approved'))
    return rejected(
      'preview_not_possible',
      'somebody has approved what the last preview showed: approve it, or reject',
    );
  if ((approval.preview?.round ?? 0) >= mostPreviews)
    return rejected('preview_not_possible', `there were ${mostPreviews} previews already`);
  const next = requestPreview(
    approval,
    { terms, by, ...(!isAsItStands && { tool_args: argsOf(approval, decided) }) },
    now,
  );
  return changed(touch(next.approval, now, {}), ...events, next.event);
}
