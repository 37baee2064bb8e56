import type { Claims } from './signed.js';

interface Decider {
  by: string | null;
  verdict: string;
  /** Of a deputy: in whose place. */
  on_behalf_of?: string;
}

/** Who approved, and neither rejected nor had asked where others have to approve; with a deputy, each place counts once. */
export function approversIn(claims: Claims): string[] {
  const deciders = (claims['deciders'] ?? []) as Decider[];
  const namesOf = ({ by, on_behalf_of: place }: Decider) => (place === undefined ? [by] : [by, place]);
  const rejecters = new Set(deciders.filter(({ verdict }) => verdict === 'rejected').flatMap(namesOf));
  const own = claims['four_eyes'] === true ? [claims['requester'], claims['requested_by']] : [];
  const isOut = (name: string | null) => name === null || rejecters.has(name) || own.includes(name);
  const people = new Map(deciders.filter((each) => !namesOf(each).some(isOut)).map((each) => [each.by, each]));
  return [...new Map([...people.values()].map(({ by, on_behalf_of }) => [on_behalf_of ?? by, by!])).values()];
}

/** Why an approval does not stand on what it says it rests on. */
export function unfounded(claims: Claims): string | undefined {
  const { basis, required_approvals, four_eyes, requested_by, policy_version, grant, deciders, resolved_at } = claims;
  if (claims['act_by'] == null) return 'The decision does not say until when it may be acted on.';
  if (!isCount(resolved_at)) return 'The decision does not say when it was made.';
  if (claims['break_glass'] !== undefined)
    return isBroken(claims) ? undefined : 'It was approved in an emergency by a requester, or by nobody.';
  if (basis === 'rule') return policy_version == null ? 'A rule decided, and the record does not name it.' : undefined;
  if (basis === 'audit') return undefined;
  if (basis === 'grant') {
    const {
      given_by,
      required_approvals: needed,
      expires_at,
    } = (grant ?? {}) as { given_by?: { by: string | null }[]; required_approvals?: unknown; expires_at?: number };
    const givers = new Set((given_by ?? []).map(({ by }) => by));
    const isOwn = [claims['requester'], requested_by].some((by) => by != null && givers.has(by as string));
    const holds =
      requested_by != null && !isOwn && isCount(needed) && givers.size >= needed && (expires_at ?? 0) > resolved_at;
    return holds ? undefined : 'The grant does not hold for this call.';
  }
  if (basis !== 'people') return 'The record does not say on what the approval rests.';
  if (!isCount(required_approvals)) return 'The decision does not say how many people had to approve.';
  if (four_eyes === true && requested_by == null)
    return 'The requester is not known, so it is not certain that somebody else approved.';
  const anonymous =
    four_eyes !== true &&
    required_approvals === 1 &&
    ((deciders ?? []) as Decider[]).some(({ by, verdict }) => by === null && verdict === 'approved');
  const count = approversIn(claims).length + (anonymous ? 1 : 0);
  return count < required_approvals
    ? `${count} of ${required_approvals} people approved who had not requested it.`
    : undefined;
}

/** In an emergency one is enough, who is known, did not ask whatever the rules say, and did not reject. */
function isBroken(claims: Claims): boolean {
  const { basis, policy_version, requester, requested_by } = claims;
  const { by, at, group } = (claims['break_glass'] ?? {}) as Record<string, unknown>;
  const own = ((claims['deciders'] ?? []) as (Decider & { at: unknown })[]).filter((each) => each.by === by);
  return (
    basis === 'people' &&
    typeof by === 'string' &&
    typeof group === 'string' &&
    policy_version != null &&
    requested_by != null &&
    by !== requested_by &&
    by !== requester &&
    own.every(({ verdict }) => verdict === 'approved') &&
    own.some((each) => each.at === at)
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
