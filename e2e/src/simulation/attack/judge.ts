import type { ExactCall } from '@countersign/contracts/calls';
import { createHash, createPublicKey, verify, type JsonWebKey } from 'node:crypto';

/**
 * Judges from the outside whether a call was allowed: from what anybody can read on the log, the public keys and the
 * rules, with nothing of the product but the shapes of its events. So a mistake of the product is not made here again.
 */
export interface PublicKeys {
  requests: readonly (JsonWebKey & { kid: string })[];
  decisions: readonly (JsonWebKey & { kid: string })[];
  results: readonly (JsonWebKey & { kid: string })[];
}

export interface KnownRules {
  /** How many people have to approve a call of a tool; 0 for one that is only recorded. */
  approvals(tool: string): number;
  /** Whether whoever asked may be one of them. */
  fourEyes: boolean;
  /** Who may, where the rules name them, and who may stand in for them; null: anybody, and nobody. */
  named: { approvers: readonly string[]; deputies: readonly string[] } | null;
}

/** Who was named as whose deputy, from when until when, in epoch seconds. */
export interface KnownDelegation {
  delegator: string;
  deputy: string;
  approval_id: string | null;
  begins_at: number;
  ends_at: number;
  created_at: number;
  revoked_at: number | null;
}

/** An event as it is read from its topic. */
interface Published {
  type: string;
  data: unknown;
}

/** A call that reached its target. */
export interface Made extends ExactCall {
  approval_id: string;
  /** Epoch seconds. */
  at: number;
}

type Json = Record<string, unknown>;

/** @throws when nobody allowed the call, saying what is missing. */
export function judge(
  made: Made,
  log: readonly Published[],
  keys: PublicKeys,
  rules: KnownRules,
  delegations: readonly KnownDelegation[],
): void {
  const about = (type: string) =>
    log.filter((event) => event.type === type && (event.data as Json)['approval_id'] === made.approval_id);
  const request = about('tool.approval_required').find((event) => isRequestFor(made, event.data as Json, keys));
  if (!request) throw new Error(`${made.approval_id} is made, and no runner has asked for it`);
  const decision = about('approval.resolved')
    .map((event) => ({ data: event.data as Json, claims: claimsIn(event.data as Json, 'decision', keys.decisions) }))
    .find(({ data, claims }) => claims !== undefined && isDecisionOn(made, data, claims));
  if (!decision) throw new Error(`${made.approval_id} is made, and nobody has decided on exactly this call`);
  const { claims } = decision;
  const until = claims!['act_by'] as number | null;
  if (until === null || until < made.at)
    throw new Error(`${made.approval_id} is made after its decision was to be acted on`);
  const needed = rules.approvals(made.tool_name);
  const counted = peopleFor(claims!, rules.fourEyes ? askers(request.data as Json) : [], rules.named, delegations);
  if (counted < needed) throw new Error(`${made.approval_id} is made with ${counted} approvals instead of ${needed}`);
}

function isRequestFor(made: Made, data: Json, keys: PublicKeys): boolean {
  const claims = claimsIn(data, 'request', keys.requests);
  const named = ['approval_id', 'run_id', 'tool_call_id', 'tool_name'] as const;
  return claims !== undefined && named.every((name) => claims[name] === made[name]);
}

/** Of exactly these arguments: the digest is computed from those that reached the target. */
function isDecisionOn(made: Made, data: Json, claims: Json): boolean {
  const { run_id, tool_call_id, tool_name, tool_args, approval_id } = made;
  const bound = ['requester', 'requested_by', 'policy_version', 'expires_at'];
  const binding = data['policy_version'] === null ? {} : Object.fromEntries(bound.map((name) => [name, data[name]]));
  const salt = data['salt'] == null ? {} : { salt: data['salt'] };
  const shown = data['preview_digest'] == null ? {} : { preview_digest: data['preview_digest'] };
  const text = canonical({ run_id, tool_call_id, tool_name, tool_args, ...salt, ...shown, ...binding });
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const isApproval = claims['status'] === 'approved' && claims['result_digest'] === undefined;
  return isApproval && claims['digest'] === digest && claims['approval_id'] === approval_id;
}

const askers = (request: Json): unknown[] => [request['user_id'], request['requested_by']];

/** In which place somebody approves, and who does; both are needed once. */
type Seat = readonly [place: string, person: string];

/**
 * So many different people approve in so many different places: their own, or that of somebody who had named them by then and
 * had not taken it back. Whoever asked has no part in it, in either role, and who rejected it none either.
 */
function peopleFor(
  claims: Json,
  excluded: readonly unknown[],
  named: KnownRules['named'],
  delegations: readonly KnownDelegation[],
): number {
  const deciders = claims['deciders'] as Decider[];
  const rejected = deciders.filter(({ verdict }) => verdict === 'rejected');
  const out = new Set<unknown>([null, ...excluded, ...rejected.flatMap(({ by, on_behalf_of: of }) => [by, of ?? by])]);
  const isIn = ({ by, on_behalf_of, at }: Decider): boolean => {
    const of = on_behalf_of ?? by;
    if (out.has(by) || out.has(of)) return false;
    if (named && !named.approvers.includes(of!)) return false;
    if (of === by) return true;
    const holds = (each: KnownDelegation): boolean =>
      each.delegator === of &&
      each.deputy === by &&
      (each.approval_id === null || each.approval_id === claims['approval_id']) &&
      Math.max(each.created_at, each.begins_at) <= at &&
      at < each.ends_at &&
      (each.revoked_at === null || at <= each.revoked_at);
    return named !== null && named.deputies.includes(by!) && delegations.some(holds);
  };
  const approved = deciders.filter((each) => each.verdict === 'approved' && isIn(each));
  return mostSeats(approved.map(({ by, on_behalf_of: of }) => [(of ?? by)!, by!] as const));
}

interface Decider {
  by: string | null;
  verdict: string;
  at: number;
  on_behalf_of?: string;
}

/** Of these, as many as can be taken without a place or a person twice. */
const mostSeats = ([first, ...others]: readonly Seat[]): number =>
  first === undefined
    ? 0
    : Math.max(
        mostSeats(others),
        1 + mostSeats(others.filter(([place, person]) => place !== first[0] && person !== first[1])),
      );

/** What the signature of an event says; undefined when it is not signed with one of the keys as what it claims to be. */
function claimsIn(data: Json, kind: string, keys: readonly (JsonWebKey & { kid: string })[]): Json | undefined {
  const parts = typeof data['signature'] === 'string' ? data['signature'].split('.') : [];
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) return undefined;
  const { typ, kid } = read(header);
  const key = keys.find((each) => each.kid === kid);
  if (!key || typ !== `countersign-${kind}+jws`) return undefined;
  const isTrue = verify(
    null,
    Buffer.from(`${header}.${payload}`),
    createPublicKey({ key, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );
  return isTrue ? read(payload) : undefined;
}

const read = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;

/** RFC 8785, for values that are JSON already. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const names = Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical((value as Json)[name])}`).join(',')}}`;
}
