import { emit, type NewEvent } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, touch } from '@countersign/persistence';
import type { Rules } from '../policy/rules.js';
import { quorumOf } from './counted.js';
import { recordedObjection } from './decision.js';
import { heldAgainst, ruledOut } from './held-against.js';
import type { ApprovalTransition } from './messages.js';
import { callOf, hasNoRequester, rejectedByRule, rejectedWithoutRequester } from './resolution.js';

/** Holds it against other rules. Nothing is taken back: what they ask for comes on top. */
export function rejudge(pending: Approval, rules: Rules, now: EpochMillis): ApprovalTransition {
  if (pending.status !== 'pending') return ignored('it is resolved');
  if (pending.rules_version === rules.version) return ignored('these rules are known');
  const held = hold(pending, rules, now);
  return 'kind' in held ? held : changed(touch(held.approval, now, {}), ...held.events);
}

/** The approval under these rules, with its events; or its end, when no one can approve it any more. */
export function hold(
  pending: Approval,
  rules: Rules,
  now: EpochMillis,
): ApprovalTransition | { approval: Approval; events: NewEvent[] } {
  const held = heldAgainst(pending, rules, toEpochSeconds(now));
  const rejectedBecause = (note: string, ...before: NewEvent[]) => rejectedByRule(held.approval, note, now, ...before);
  if (held.kind === 'ruled_out') return rejectedBecause(ruledOut(held));
  if (!held.tightened) return { approval: held.approval, events: [] };
  const events = [rejudged(held.approval)];
  if (hasNoRequester(held.approval)) return rejectedWithoutRequester(held.approval, now, ...events);
  const refused = quorumOf(held.approval).refused ?? recordedObjection(held.approval) ?? null;
  return refused === null ? { approval: held.approval, events } : rejectedBecause(refused, ...events);
}

const rejudged = (approval: Approval): NewEvent => {
  const { status, policy, required_approvals, expires_at } = approval;
  return emit('approval.rejudged', { ...callOf(approval), status, policy, required_approvals, expires_at });
};
