import type { Approval, RequireTerms } from '@countersign/contracts/approvals';
import { redactArguments } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { isRiskier, riskOf, type Presentation } from '@countersign/contracts/presentation';
import { after, type EpochSeconds } from '@countersign/contracts/time';
import { askersOf, isAtMostAsStrict } from '@countersign/definitions/policy';
import { createHmac } from 'node:crypto';
import { quorumOf } from '../approval/counted.js';
import { isActive, isUsedBy, type NewGrant, type StoredGrant } from './grant.js';

type Args = Record<string, unknown>;

/** A call that asks for approval, as far as grants are concerned. */
export interface GrantableCall {
  approval_id: string;
  agent_id: string;
  tool_name: string;
  tool_args: Args;
  /** How the tool is presented here, which says how risky the call is. */
  presentation: Presentation | null;
  tool_version: string;
  user_id: string | null;
  requested_by: string | null;
  /** What the rules in force ask for. */
  terms: RequireTerms;
}

/**
 * Whether the grant lets this call through, at this time in seconds. The rules in force have to allow grants, and ask for
 * nothing stricter than it was created under; none of its givers is a requester, or may be one; and the call is no riskier
 * than the one that they looked at.
 */
export function covers(grant: StoredGrant, call: GrantableCall, at: EpochSeconds): boolean {
  const askers = askersOf(call);
  return (
    isActive(grant, at) &&
    (grant.uses.length < grant.max_uses || isUsedBy(grant, call.approval_id)) &&
    grant.agent_id === call.agent_id &&
    grant.tool_name === call.tool_name &&
    grant.tool_version === call.tool_version &&
    call.terms.allowed_decisions.includes('grant') &&
    isAtMostAsStrict(call.terms, grant.terms) &&
    askers !== null &&
    grant.given_by.every(({ by }) => !askers.includes(by)) &&
    // One that was stored without a risk was given before tools had any.
    !isRiskier(riskOf(call), grant.risk ?? 'low') &&
    digestOf(grant, call.tool_args) === grant.digest
  );
}

/** The digest of the arguments that count; undefined when the call does not have them. */
function digestOf({ covers, names, salt }: Pick<NewGrant, 'covers' | 'names' | 'salt'>, args: Args) {
  if (!names.every((name) => Object.hasOwn(args, name))) return undefined;
  const counted = covers === 'exact' ? args : Object.fromEntries(names.map((name) => [name, args[name]]));
  try {
    return createHmac('sha256', salt).update(canonicalJson(counted)).digest('hex');
  } catch {
    return undefined;
  }
}

/** What is wrong with a grant that is created with the approval of these arguments. */
export function grantProblem(approval: Approval, grant: NonNullable<RequestedGrant>, args: Args): string | undefined {
  const { max_duration, max_uses, arguments: open } = approval.terms.grant;
  if (approval.pause_type === 'user_input') return 'values that a person fills in are requested each time';
  if (grant.expires_in > max_duration) return `expires_in: at most ${max_duration} seconds by the rule`;
  if (grant.max_uses !== undefined && grant.max_uses > max_uses) return `max_uses: at most ${max_uses} by the rule`;
  if (grant.arguments === undefined) return undefined;
  const named = Object.entries(grant.arguments);
  if (named.length === 0)
    return 'arguments: is empty, and would stand for every call; leave it out for exactly this one';
  const other = named.find(([name, value]) => !Object.hasOwn(args, name) || !isSame(args[name], value));
  if (other) return `arguments: "${other[0]}" is not an argument of the approved call with this value`;
  return open === 'exact' && named.length < Object.keys(args).length
    ? 'arguments: the rule allows grants for exactly the approved arguments; leave this out'
    : undefined;
}

type RequestedGrant = NonNullable<Approval['resolution_data']>['grant'];

const isSame = (one: unknown, other: unknown): boolean => canonicalJson(one) === canonicalJson(other);

/**
 * The grant created with an approval, if one was. Those who stood in for others approved this one call: what comes
 * later is for the others, until it waits as long, so their approvals make no grant.
 *
 * @param id of the grant
 * @param salt for the digest of its arguments
 */
export function grantIn(approval: Approval, id: string, salt: string, tool_version: string): NewGrant | undefined {
  const { resolution_data, approved_args, tool_args, decisions, requirements, terms, resolved_at } = approval;
  const requested = approval.status === 'approved' ? resolution_data?.grant : undefined;
  if (
    !requested ||
    resolved_at === null ||
    !quorumOf({ ...approval, terms: { ...approval.terms, deputies: [] } }, false).met
  )
    return undefined;
  const args = approved_args ?? tool_args;
  const names = Object.keys(requested.arguments ?? args);
  const covered = names.length === Object.keys(args).length ? 'exact' : 'chosen';
  const counted = Object.fromEntries(names.map((name) => [name, args[name]]));
  const redact = requirements.flatMap(({ tool_execution }) => tool_execution.redact);
  const { run_id, agent_id, tool_name, resolved_by, policy, traceparent, tracestate } = approval;
  const digested = { covers: covered, names, salt } as const;
  const digest = digestOf(digested, args);
  if (digest === undefined) return undefined;
  return {
    ...digested,
    digest,
    id,
    run_id,
    approval_id: approval.id,
    agent_id,
    tool_name,
    arguments: redactArguments(counted, redact),
    given_by: decisions.flatMap(({ by, verdict, at }) => (by === null || verdict !== 'approved' ? [] : [{ by, at }])),
    created_by: resolved_by,
    rule: policy?.rule ?? null,
    risk: riskOf({ ...approval, tool_args: args }),
    terms,
    expires_at: after(resolved_at, requested.expires_in),
    max_uses: requested.max_uses ?? terms.grant.max_uses,
    tool_version,
    traceparent,
    tracestate,
  };
}
