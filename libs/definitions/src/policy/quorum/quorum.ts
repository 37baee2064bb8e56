import { countedAs, isMember, type DecisionVerdict, type RequireTerms } from '@countersign/contracts/approvals';
import { namesOf, oncePerPerson } from '@countersign/contracts/delegations';
import type { Askers } from './askers.js';
import { assign } from './assignment.js';
import { approvalsOf } from '../terms.js';

/** A recorded decision, by someone who was allowed to make it then. */
export interface CastDecision {
  by: string | null;
  verdict: DecisionVerdict;
  /** The groups that the token of whoever decided had. */
  groups?: readonly string[] | undefined;
  /** Of a deputy: in whose place. */
  on_behalf_of?: string | null | undefined;
}

export interface Quorum {
  /** How many approvals count. */
  approvals: number;
  /** How many it takes. */
  required: number;
  met: boolean;
  /** Of whom how many are missing; `null` for anybody. */
  missing: { group: string | null; count: number }[];
  /** Why it will not be met; `null` while it may. */
  refused: string | null;
}

type Approver = RequireTerms['approvers'][number];
type Person = Pick<CastDecision, 'by' | 'groups' | 'on_behalf_of'>;

/**
 * Whether the decisions so far meet the terms. Each person counts once in all, for whichever entry needs them most, and so does
 * each in whose place a deputy decided; who rejected does not count, nor does anybody who had a part in asking for the call
 * when it takes four eyes.
 *
 * @param askers of the call. Where they are not known anybody may be one of them, and so may who decides without a name.
 * @param escalated whether the time to escalate has come.
 */
export function quorum(
  terms: RequireTerms,
  decisions: readonly CastDecision[],
  askers: Askers,
  escalated: boolean,
): Quorum {
  const approvers = narrowestFirst(terms.approvers);
  const people = approving(decisions).filter((each) => !namesOf(each).some((by) => mayBeAsker(terms, by, askers)));
  const filled = assign(approvers, people, (approver, person) => countsFor(approver, person, terms, escalated));
  const missing = lacking(approvers, filled);
  const refused = refusal(terms, decisions, askers);
  const [approvals, required] = [filled.reduce((sum, each) => sum + each, 0), approvalsOf(terms)];
  return { approvals, required, met: required > 0 && approvals === required && refused === null, missing, refused };
}

/**
 * Why a person may not decide; `undefined` when they may.
 *
 * @param subject `null` for an unnamed person, who is in no group.
 * @param groupsOfSubject that their token has. Of groups whose members are declared it is not believed.
 */
export function mayDecide(
  terms: RequireTerms,
  subject: string | null,
  askers: Askers,
  groupsOfSubject: readonly string[],
  escalated: boolean,
): string | undefined {
  if (mayBeAsker(terms, subject, askers)) {
    if (askers === null) return 'the requester of the call is unknown, and must not decide on it';
    return subject === null
      ? 'the requester does not decide on the call, so the approver must be identified'
      : 'the requester does not decide on the call';
  }
  const person = { by: subject, groups: groupsOfSubject };
  if (terms.approvers.some((approver) => countsFor(approver, person, terms, escalated))) return undefined;
  const groups = [...terms.approvers, ...(escalated ? terms.escalate_to : [])].map(({ group }) => group);
  return `only members of ${[...new Set(groups)].join(', ')} decide on it`;
}

const mayBeAsker = ({ four_eyes }: RequireTerms, by: string | null, askers: Askers): boolean =>
  four_eyes && (askers === null || by === null || askers.includes(by));

function countsFor(approver: Approver, decided: Person, terms: RequireTerms, escalated: boolean): boolean {
  const person = countedAs(terms, decided);
  return (
    approver.group === null ||
    isMember(approver, person) ||
    (escalated && terms.escalate_to.some((group) => isMember(group, person)))
  );
}

/** Each distinct person who approved and did not reject. Unnamed ones cannot be distinguished, so they count as one. */
function approving(decisions: readonly CastDecision[]): Person[] {
  const rejecters = rejecting(decisions);
  return oncePerPerson(
    decisions.filter((each) => each.verdict === 'approved' && !namesOf(each).some((by) => rejecters.has(by))),
  );
}

const rejecting = (decisions: readonly CastDecision[]): Set<string | null> =>
  new Set(decisions.filter(({ verdict }) => verdict === 'rejected').flatMap(namesOf));

function refusal(terms: RequireTerms, decisions: readonly CastDecision[], askers: Askers): string | null {
  const rejecters = rejecting(decisions);
  const [rejecter] = rejecters;
  if (rejecter !== undefined && terms.on_rejection === 'end')
    return rejecter === null ? 'it was rejected' : `${rejecter} rejected it`;
  const lack = lackingForGood(terms, (person) => rejecters.has(person) || mayBeAsker(terms, person, askers));
  const what = lack.map(({ group, count }) => `${count} of ${group}`).join(' and ');
  return lack.length > 0 ? `too few are left who could approve: it lacks ${what}` : null;
}

/** Whom it would lack even if everybody approved who can, now or once it is escalated. */
export function lackingForGood(
  terms: RequireTerms,
  isOut: (person: string) => boolean = () => false,
): { group: string | null; count: number }[] {
  const standIns = terms.escalate_after === null ? [] : terms.escalate_to;
  if (standIns.some(({ members }) => members === null)) return [];
  // For the other entries it is unknown who might still come.
  const closed = terms.approvers.filter(({ members }) => members !== null);
  const everybody = new Set([...closed, ...standIns].flatMap(({ members }) => members ?? []));
  const people = [...everybody].filter((by) => !isOut(by)).map((by) => ({ by }));
  const filled = assign(closed, people, (approver, person) =>
    countsFor(approver, person, terms, terms.escalate_after !== null),
  );
  return lacking(closed, filled);
}

const lacking = (approvers: readonly Approver[], filled: readonly number[]) =>
  approvers.map(({ group, count }, n) => ({ group, count: count - filled[n]! })).filter(({ count }) => count > 0);

/** What everybody counts for is filled with those who are left. */
const narrowestFirst = (approvers: readonly Approver[]): Approver[] => [
  ...approvers.filter(({ group }) => group !== null),
  ...approvers.filter(({ group }) => group === null),
];
