import { namesOf, oncePerPerson } from '@countersign/contracts/delegations';
import type { DecisionClaims } from './claims.js';

const tooFew = 'Fewer people have approved than have to.';
const unknownSender = 'The requester is unknown, so four eyes cannot be verified.';
const contradiction = 'The decision does not say consistently on what it rests.';
const noEnd = 'The decision does not say until when it may be acted on.';
const notBroken = 'Nobody who did not ask for the call has approved it in an emergency.';
const noGrant = 'The grant that the decision rests on does not hold for this call.';

/** Why an approval does not stand on what it says it rests on, if it does not. */
export function unfoundedness(claims: DecisionClaims): string | undefined {
  const { act_by, automatic, basis, deciders, grant } = claims;
  if (act_by === null) return noEnd;
  if (basis === null || automatic !== (basis !== 'people') || (grant !== null) !== (basis === 'grant'))
    return contradiction;
  if (automatic && deciders.length > 0) return contradiction;
  if (claims.break_glass) return basis === 'people' && isBroken(claims) ? undefined : notBroken;
  if (basis === 'people') return shortage(claims);
  if (basis === 'rule' && claims.policy_version === null) return contradiction;
  return basis === 'grant' && !isGranted(claims) ? noGrant : undefined;
}

function shortage(claims: DecisionClaims): string | undefined {
  const { deciders, four_eyes, required_approvals, requested_by } = claims;
  if (four_eyes && requested_by === null) return unknownSender;
  const rejecters = new Set(deciders.filter(({ verdict }) => verdict === 'rejected').flatMap(namesOf));
  const mustBeKnown = four_eyes || required_approvals > 1;
  const isOut = (by: string | null) =>
    rejecters.has(by) || (mustBeKnown && by === null) || (four_eyes && hasRequested(claims, by));
  const approvers = oncePerPerson(deciders.filter((each) => !namesOf(each).some(isOut)));
  return approvers.length < required_approvals ? tooFew : undefined;
}

/** In an emergency one is enough, who is known, had no part in the request whatever the rules say, and did not reject it. */
function isBroken({ break_glass, deciders, policy_version, requested_by, ...claims }: DecisionClaims): boolean {
  const { by, at } = break_glass!;
  if (requested_by === null || policy_version === null || hasRequested({ ...claims, requested_by }, by)) return false;
  const own = deciders.filter((each) => each.by === by);
  return own.every(({ verdict }) => verdict === 'approved') && own.some((each) => each.at === at);
}

/** So many people gave it, none of whom has a part in this call; and it held when it was used. */
function isGranted({ grant, requested_by, resolved_at, ...claims }: DecisionClaims): boolean {
  if (grant === null || requested_by === null || grant.expires_at <= resolved_at) return false;
  const givers = new Set(grant.given_by.map(({ by }) => by));
  const isOwn = [...givers].some((by) => hasRequested({ ...claims, requested_by }, by));
  return !isOwn && givers.size >= grant.required_approvals;
}

const hasRequested = (
  { requester, requested_by }: Pick<DecisionClaims, 'requester' | 'requested_by'>,
  by: string | null,
): boolean => by !== null && (by === requester || by === requested_by);
