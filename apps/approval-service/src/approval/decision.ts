import {
  approvalDigest,
  isStanding,
  type Approval,
  type DecisionKind,
  type ResolutionData,
  type DecisionVerdict,
} from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { canonicalJson } from '@countersign/contracts/json';
import { mayBeApprovedTogether, riskOf, typedTarget, type PresentableCall } from '@countersign/contracts/presentation';
import type { ProblemCode } from '@countersign/contracts/problems';
import { askersOf, isAtMostAsStrict, mayDecide } from '@countersign/definitions/policy';
import { argumentProblems } from '@countersign/definitions/templates';
import { grantProblem } from '../grants/grant-coverage.js';
import { rulingOf, nameOf, type Rules } from '../policy/rules.js';
import { placeTaken, standingInFor, type StandIn } from './deputies/deputy.js';
import { unseen } from './previews/unseen.js';
import { inputProblems } from './user-input.js';

/** A decision. */
export interface DecisionCommand {
  verdict: DecisionVerdict;
  by: string | null;
  /** Those of whoever decides, as the identity system says. */
  groups: readonly string[];
  /** In whose place they may decide, as far as those who named them are concerned. */
  standsInFor?: readonly StandIn[] | undefined;
  resolution_data: ResolutionData | null;
  /** Digest of the call that they saw, where it is sent. */
  digest?: string | undefined;
  /** What they typed as the target of the call. */
  target?: string | undefined;
  /** Whether it is one of several that are decided by one request. */
  isOneOfSeveral?: boolean | undefined;
  /** Those in force where the decision is taken. */
  rules: Rules;
}

/** Why a decision does not count, for programs: as HTTP answers it. */
export type ObjectionCode = Extract<
  ProblemCode,
  | 'already_decided'
  | 'call_changed'
  | 'decided_alone'
  | 'decider_unknown'
  | 'decision_not_allowed'
  | 'may_not_decide'
  | 'others_disagree'
  | 'preview_missing'
  | 'question_open'
  | 'reason_required'
  | 'rejected_by_rule'
  | 'stricter_rule'
  | 'target_required'
  | 'values_do_not_fit'
>;

export interface Objection {
  code: ObjectionCode;
  reason: string;
}

/**
 * Why a verdict on a pending approval does not count, if it does not.
 *
 * @param seen the digest that it had for people until now; the rules in force may just have changed it.
 */
export function validateDecision(
  approval: Approval,
  decided: DecisionCommand,
  seen = approval.digest,
): Objection | null {
  return (
    unauthorised(approval, decided) ??
    isAnother(seen, decided) ??
    unanswered(approval, decided) ??
    tooRisky(approval, decided) ??
    notAllowed(approval, decided) ??
    unfit(approval, decided) ??
    unseen(approval, decided, argsOf(approval, decided)) ??
    untyped(approval, decided) ??
    outruled(approval, decided) ??
    disagrees(approval, decided)
  );
}

export function unauthorised(
  approval: Approval,
  person: Pick<DecisionCommand, 'by' | 'groups' | 'standsInFor'> & { verdict?: DecisionVerdict },
): Objection | null {
  const { by, groups, verdict } = person;
  const { terms, decisions, required_approvals, escalated_at } = approval;
  if (by === null && required_approvals > 1)
    return { reason: 'several people must decide, so each has to say who decides', code: 'decider_unknown' };
  // Whose approval has lost its force, since the rules ask for more by now, may decide again.
  if (by !== null && decisions.some((decision) => decision.by === by && isStanding(approval, decision)))
    return { reason: `${by} has decided on this before, and each person counts once`, code: 'already_decided' };
  // Whoever comes back may still reject what their deputy has approved.
  const deputy = by === null || verdict !== 'approved' ? undefined : placeTaken(approval, by);
  if (deputy !== undefined)
    return { reason: `${deputy} has approved this in the place of ${by}`, code: 'already_decided' };
  if (standingInFor(approval, person)) return null;
  const reason = mayDecide(terms, by, askersOf(approval), groups, escalated_at !== null);
  return reason === undefined ? null : { reason, code: 'may_not_decide' };
}

/** A decision counts only for the current call, compared by digest. */
const isAnother = (seen: string, { digest }: DecisionCommand): Objection | null =>
  digest === undefined || digest === seen
    ? null
    : { reason: 'this call is not the one that was looked at any more: look at it again', code: 'call_changed' };

/** Whoever did not understand the call has asked; who asked can decide without an answer. */
function unanswered(approval: Approval, { verdict, by }: DecisionCommand): Objection | null {
  const question = openQuestion(approval);
  return verdict === 'rejected' || !question || question.by === by
    ? null
    : { reason: `${question.by} has asked a question that is not answered yet`, code: 'question_open' };
}

/** What was requested and what would run both count: neither is approved unseen. */
function tooRisky(approval: Approval, decided: DecisionCommand): Objection | null {
  if (!decided.isOneOfSeveral || decided.verdict === 'rejected') return null;
  if (approval.preview)
    return { reason: 'a call with a preview is approved alone, by whoever has seen that', code: 'decided_alone' };
  const calls = [approval.tool_args, approval.approved_args ?? approval.tool_args, argsOf(approval, decided)];
  const risk = calls
    .map((tool_args) => riskOf({ ...approval, tool_args }))
    .find((each) => !mayBeApprovedTogether(each));
  return risk === undefined
    ? null
    : {
        reason: `a call of ${risk} risk is not approved together with others: look at it, and approve it alone`,
        code: 'decided_alone',
      };
}

/** What is done already needs no target. */
function untyped(approval: Approval, decided: DecisionCommand): Objection | null {
  if (decided.verdict === 'rejected' || decided.resolution_data?.result !== undefined) return null;
  return otherTarget({ ...approval, tool_args: argsOf(approval, decided) }, decided.target);
}

/** A critical call is approved by whoever names where it goes, whichever client they have. */
export function otherTarget(call: PresentableCall, typed: string | undefined): Objection | null {
  const target = typedTarget(call);
  return target === null || typed === target
    ? null
    : {
        code: 'target_required',
        reason: 'the call is critical: whoever approves it names its target, as it would run',
      };
}

function notAllowed({ allowed_decisions, terms, tool_args }: Approval, decided: DecisionCommand): Objection | null {
  const kind = kindsOf(decided, tool_args).find((each) => !allowed_decisions.includes(each));
  if (kind) return { reason: `the rules do not allow this here: ${says[kind]}`, code: 'decision_not_allowed' };
  const needsReason = terms.reason_required.includes(decided.verdict === 'approved' ? 'approve' : 'reject');
  return needsReason && !decided.resolution_data?.note?.trim()
    ? { reason: 'the rules ask for a reason: give one as resolution_data.note', code: 'reason_required' }
    : null;
}

const says: Record<DecisionKind, string> = {
  approve: 'to approve',
  reject: 'to reject',
  edit: 'to approve other arguments',
  values: 'to fill in fields',
  result: 'to say that it was done by hand',
  grant: 'to approve calls to come as well',
};

/** All that a decision does. */
function kindsOf(
  { verdict, resolution_data }: Pick<DecisionCommand, 'verdict' | 'resolution_data'>,
  requested: Record<string, unknown>,
): DecisionKind[] {
  if (verdict === 'rejected') return ['reject'];
  const { tool_args, values, result, grant } = resolution_data ?? {};
  const edits = tool_args !== undefined && canonicalJson(tool_args) !== canonicalJson(requested);
  return [
    'approve',
    ...(edits ? ['edit' as const] : []),
    ...(values ? ['values' as const] : []),
    ...(result === undefined ? [] : ['result' as const]),
    ...(grant ? ['grant' as const] : []),
  ];
}

/**
 * Why what others have approved so far can be approved no more, if it cannot: the rules have become stricter since. All
 * approve the same, so no later approver can approve anything else either.
 */
export function recordedObjection(approval: Approval): string | undefined {
  const { decisions, allowed_decisions, approved_args, resolution_data } = approval;
  const last = decisions.findLast(({ verdict }) => verdict === 'approved');
  if (!last) return undefined;
  const filled = { ...approval.tool_args, ...resolution_data?.values };
  const tool_args = approved_args ?? filled;
  const decided = { verdict: last.verdict, resolution_data: { ...resolution_data, tool_args } };
  const kind = kindsOf(decided, filled).find((each) => !allowed_decisions.includes(each));
  if (kind) return `the rules have changed, and do not allow any more what was approved so far: ${says[kind]}`;
  const grant = resolution_data?.grant;
  const problem = grant && grantProblem(approval, grant, tool_args);
  return problem && `the rules have changed, and do not allow the grant any more that was approved so far: ${problem}`;
}

function unfit(approval: Approval, decided: DecisionCommand): Objection | null {
  const filled = inputProblems(approval, decided).map(({ path, message }) => `${path}: ${message}`);
  const all = [...filled, ...editProblems(approval, decided), ...grantProblems(approval, decided)];
  return all.length > 0 ? { reason: `the values do not fit: ${all.join('; ')}`, code: 'values_do_not_fit' } : null;
}

/** Why what would run cannot be approved in place of what was requested, if it cannot. */
export function editObjection(approval: Approval, decided: DecisionCommand): Objection | null {
  const kind = kindsOf(decided, approval.tool_args).find((each) => !approval.allowed_decisions.includes(each));
  if (kind) return { reason: `the rules do not allow this here: ${says[kind]}`, code: 'decision_not_allowed' };
  return unfit(approval, decided) ?? outruled(approval, decided);
}

/** Edited arguments, with what a person filled in, fit the schema of the tool. */
function editProblems(approval: Approval, decided: DecisionCommand): string[] {
  if (decided.verdict === 'rejected' || decided.resolution_data?.tool_args === undefined) return [];
  if (approval.parameters === null) return ['resolution_data.tool_args: the schema of this tool is not known here'];
  return argumentProblems(approval.parameters, argsOf(approval, decided)).map(
    (line) => `resolution_data.tool_args: ${line}`,
  );
}

/** A grant goes no further than the rule lets it, and names the one who gives it. */
function grantProblems(approval: Approval, decided: DecisionCommand): string[] {
  const { grant, result } = decided.resolution_data ?? {};
  if (decided.verdict === 'rejected' || !grant) return [];
  if (decided.by === null) return ['resolution_data.grant: it has to be known who gives it'];
  if (result !== undefined) return ['resolution_data.grant: nothing is made of a call that was done by hand'];
  // Where others have approved it with a grant, all approve the same: what comes of it is seen once they are enough.
  if (standsIn(approval, decided) && approval.decisions.every(({ verdict }) => verdict === 'rejected'))
    return [
      'resolution_data.grant: who decides since it was escalated, or as a deputy, decides on this call alone; leave it out',
    ];
  const problem = grantProblem(approval, grant, argsOf(approval, decided));
  return problem === undefined ? [] : [`resolution_data.grant.${problem}`];
}

/** Whether they may decide only since it was escalated, or in the place of somebody else. */
const standsIn = (approval: Approval, decided: DecisionCommand): boolean =>
  standingInFor(approval, decided) !== undefined ||
  mayDecide(approval.terms, decided.by, askersOf(approval), decided.groups, false) !== undefined;

/**
 * What would run is not what was requested: the rules apply to it as to any call. They must
 * require nothing more than is required here.
 */
function outruled(approval: Approval, decided: DecisionCommand): Objection | null {
  const args = argsOf(approval, decided);
  if (decided.verdict === 'rejected' || canonicalJson(args) === canonicalJson(approval.tool_args)) return null;
  const { policy, terms, reason } = rulingOf(decided.rules, approval, args);
  const under = `with these arguments the call falls under ${nameOf(policy)}`;
  if (policy.outcome === 'reject') return { reason: `${under}, which rejects it: ${reason}`, code: 'rejected_by_rule' };
  const done: DecisionKind[] = kindsOf(decided, approval.tool_args).filter((kind) => kind !== 'edit');
  const hasDeputy = approval.decisions.some(({ on_behalf_of }) => on_behalf_of) || standingInFor(approval, decided);
  const deputies = hasDeputy ? approval.terms.deputies : [];
  const allowed_decisions = approval.terms.allowed_decisions.filter((kind) => done.includes(kind));
  if (
    policy.outcome === 'approve' ||
    isAtMostAsStrict(terms, { ...approval.terms, allowed_decisions, break_glass: [], deputies })
  )
    return null;
  const advice = 'reject this one, so that the agent requests the intended call';
  return { reason: `${under}, which requires more than this approval does: ${advice}`, code: 'stricter_rule' };
}

/** Where several people approve, all of them approve the same. */
function disagrees(approval: Approval, decided: DecisionCommand): Objection | null {
  if (decided.verdict !== 'approved' || !approval.decisions.some(({ verdict }) => verdict === 'approved')) return null;
  const before = [approval.approved_args ?? approval.tool_args, besides(approval.resolution_data)];
  const now = [argsOf(approval, decided), besides(decided.resolution_data)];
  return canonicalJson(before) === canonicalJson(now)
    ? null
    : {
        code: 'others_disagree',
        reason:
          'others have approved other values or arguments, or another result or grant: approve the same, or reject',
      };
}

/** What an approval says besides the arguments. */
const besides = (data: ResolutionData | null) => [data?.result ?? null, data?.grant ?? null];

/** The arguments that an approval lets through: as requested, as edited, with what was filled in. */
export function argsOf(approval: Approval, { resolution_data }: DecisionCommand): Record<string, unknown> {
  const { tool_args = approval.tool_args, values = {} } = resolution_data ?? {};
  return approval.pause_type === 'user_input' ? { ...tool_args, ...values } : tool_args;
}

/** The exact call that a resolution is about, which its digest covers. */
export function resolvedCall(approval: Approval): Pick<Approval, 'tool_args' | 'digest'> {
  const tool_args = approval.approved_args ?? approval.tool_args;
  return { tool_args, digest: approvalDigest(approval) };
}
