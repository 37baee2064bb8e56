import type { DecisionClaims } from './claims.js';

const tooFew = 'Fewer people have approved than have to.';
const unknownSender = 'The requester is unknown, so four eyes cannot be verified.';
const contradiction = 'The decision does not say consistently on what it rests.';
const noEnd = 'The decision does not say until when it may be acted on.';
const noGrant = 'The grant that the decision rests on does not hold for this call.';

/** Why an approval does not stand on what it says it rests on, if it does not. */
export function unfoundedness(claims: DecisionClaims): string | undefined {
  const { act_by, automatic, basis, deciders, grant } = claims;
  if (act_by === null) return noEnd;
  if (basis === null || automatic !== (basis !== 'people') || (grant !== null) !== (basis === 'grant'))
    return contradiction;
  if (automatic && deciders.length > 0) return contradiction;
  if (basis === 'people') return shortage(claims);
  if (basis === 'rule' && claims.policy_version === null) return contradiction;
  return basis === 'grant' && !isGranted(claims) ? noGrant : undefined;
}

function shortage(claims: DecisionClaims): string | undefined {
  const { deciders, four_eyes, required_approvals, requested_by } = claims;
  if (four_eyes && requested_by === null) return unknownSender;
  const rejecters = new Set(deciders.filter(({ verdict }) => verdict === 'rejected').map(({ by }) => by));
  const mustBeKnown = four_eyes || required_approvals > 1;
  const approvers = new Set(
    deciders
      .map(({ by }) => by)
      .filter((by) => !rejecters.has(by) && !(mustBeKnown && by === null) && !(four_eyes && hasRequested(claims, by))),
  );
  return approvers.size < required_approvals ? tooFew : undefined;
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
