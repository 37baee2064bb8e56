import { plainGrantTerms, type RequireTerms } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import { createHash } from 'node:crypto';
import { holds, type PolicyCall } from './condition/call.js';
import { sawOf, type Seen } from './seen.js';
import type { Condition } from './condition/condition.js';
import type { Groups, Policies, Then } from './rules.js';
import { termsOf } from './require.js';
import { strictest } from './terms.js';

/** Rules, what becomes of other calls, and the groups that they name. */
export interface PolicySet extends Policies {
  groups: Groups;
}

export interface PolicyResult {
  /** The rule that decides, the first one when several require; `null` when it is the default, or the audit of the tool. */
  rule: string | null;
  outcome: 'require' | 'approve' | 'reject';
  /** What has to happen, when the outcome is `require`. */
  terms: RequireTerms | null;
  /** What the rules that decide compared; nothing where the default does. */
  saw: Seen[];
  /** Why: passed to the model when the outcome is `reject`, otherwise a note for people. */
  reason: string | null;
}

interface Declared {
  groups: Groups;
  policies: Policies;
  shadow?: Policies | undefined;
}

export const policySetOf = ({ groups, policies }: Declared): PolicySet => ({ ...policies, groups });

/** What is tried out beside the policies; `null` when nothing is. */
export const shadowSetOf = ({ groups, shadow }: Declared): PolicySet | null => (shadow ? { ...shadow, groups } : null);

/** The digest of all that an evaluation depends on besides the call. */
export const policyVersion = (set: PolicySet): string =>
  createHash('sha256').update(canonicalJson(set)).digest('hex').slice(0, 32);

/**
 * What becomes of a call: what the first rule that matches says.
 *
 * It can be open whether a rule matches, because an argument is absent or of another type than it is compared with; and
 * `not` of what is open is open. Then neither answer is safe by itself: taken as a match, a lenient rule would hide a
 * stricter one that follows, and passed over, a strict rule would leave the call to a lenient one. So such a rule counts
 * only as far as it makes things stricter. One that approves is passed over. One that rejects, rejects. One that requires
 * is kept: the rules after it go on deciding, but whatever they approve requires its terms, and whatever they require
 * requires its terms as well. The outcome is never more lenient than if the open question had been answered, either way.
 *
 * An error is answered with the terms of every rule that requires any, all at once.
 */
export function evaluate(set: PolicySet, call: PolicyCall): PolicyResult {
  try {
    return decide(set, call);
  } catch (error) {
    const terms = strictest([lastResort, ...requirementsOf(set)]);
    const reason = `The policies could not be evaluated: ${(error as Error)?.message ?? String(error)}`;
    return { rule: null, outcome: 'require', terms, saw: [], reason };
  }
}

/** A rule, or the default, which has no name. */
interface Decider {
  name: string | null;
  when?: Condition | undefined;
  then: Then;
}

function decide(set: PolicySet, call: PolicyCall): PolicyResult {
  const kept: Decider[] = [];
  for (const rule of set.rules) {
    const matches = holds(rule.when, call);
    if (matches === true || (matches === 'unknown' && 'reject' in rule.then))
      return resultOf(rule, kept, set.groups, call);
    if (matches === 'unknown' && 'require' in rule.then) kept.push(rule);
  }
  const then: Then = call.approval_type === 'audit' ? { approve: true } : set.default;
  return resultOf({ name: null, then }, kept, set.groups, call);
}

/** @param kept rules before it of which it is open whether they match. */
function resultOf(decider: Decider, kept: readonly Decider[], groups: Groups, call: PolicyCall): PolicyResult {
  const { name, then } = decider;
  const saw = sawOf(
    [...kept, decider].flatMap(({ when }) => when ?? []),
    call,
  );
  if ('reject' in then) return { rule: name, outcome: 'reject', terms: null, saw, reason: then.reject };
  const [first, ...others] = [...kept, decider].flatMap(({ then }) =>
    'require' in then ? [termsOf(then.require, groups)] : [],
  );
  if (!first) return { rule: name, outcome: 'approve', terms: null, saw, reason: null };
  const terms = strictest([first, ...others]);
  const [open] = kept;
  if (!open) return { rule: name, outcome: 'require', terms, saw, reason: null };
  const names = kept.map(({ name }) => `"${name}"`).join(', ');
  const reason = `The call does not tell whether ${names} applies, so its terms count as well.`;
  return { rule: open.name, outcome: 'require', terms, saw, reason };
}

const requirementsOf = ({ rules, default: other, groups }: PolicySet): RequireTerms[] =>
  [...rules.map(({ then }) => then), other].flatMap((then) =>
    'require' in then ? [termsOf(then.require, groups)] : [],
  );

const lastResort: RequireTerms = {
  approvers: [{ group: null, count: 1, members: null }],
  four_eyes: true,
  on_rejection: 'end',
  reason_required: ['reject', 'approve'],
  allowed_decisions: ['approve', 'reject'],
  expires_in: null,
  remind_every: null,
  escalate_after: null,
  escalate_to: [],
  break_glass: [],
  deputies: [],
  grant: plainGrantTerms,
};
