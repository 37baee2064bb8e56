import type { Bundle, Entry, Header } from './bundle.js';
import { EvidenceProblem, type ProblemCode } from './problem.js';
import { canonical, claimsOf, difference, digestOf, type Claims } from './signed.js';

/** A call that began, and on what. */
export interface Call {
  approval_id: string;
  tool_name: string;
  /** On what it was allowed: people, a rule, a grant, or that its tool only wants a record. */
  basis: string;
  /** Who approved, where people did. */
  approved_by: string[];
  requested_by: string | null;
  digest: string;
  /** Whether the digest was computed from the arguments, which are all shown. */
  arguments_checked: boolean;
  outcome: 'succeeded' | 'failed' | 'outcome_unknown' | 'running';
}

export interface Meaning {
  calls: Call[];
  /** What is worth knowing and no reason to doubt. */
  notes: string[];
}

const fail = (code: ProblemCode, message: string, entry: Entry): never => {
  throw new EvidenceProblem(code, message, entry.line);
};
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const ofCall = ['approval_id', 'run_id', 'tool_call_id', 'tool_name', 'digest'];
const outcomes: Readonly<Record<string, Call['outcome']>> = {
  'tool.execution_completed': 'succeeded',
  'tool.execution_failed': 'failed',
  'tool.execution_outcome_unknown': 'outcome_unknown',
};

/**
 * What a whole record of a run means: each call began on a valid decision on exactly this call, by enough people who had
 * not asked for it, in time; each decision has its request, and each outcome its start.
 *
 * @throws EvidenceProblem for the first thing that does not hold
 */
export async function meaningOf({ header, entries }: Bundle): Promise<Meaning> {
  const notes: string[] = [];
  const of = (type: string, id: unknown, name = 'approval_id') =>
    entries.filter((entry) => entry.type === type && entry.data[name] === id);
  const requests = new Set<unknown>();
  for (const entry of entries)
    if (entry.type === 'tool.approval_required') requests.add(await requestOf(entry, header, notes));
  const decisions = new Map<unknown, Decided>();
  for (const entry of entries) {
    if (
      entry.type === 'approval.decision_recorded' &&
      of('approval.created', entry.data['approval_id'], 'id').length === 0
    )
      fail('request_missing', `Somebody decided on ${entry.data['approval_id']}, which nobody asked for.`, entry);
    if (entry.type !== 'approval.resolved') continue;
    const decided = await decisionOf(entry, header);
    if ('reason' in decided) notes.push(`Line ${entry.line}: a decision does not count, ${decided.reason}.`);
    else if (entry.data['status'] === 'approved' && !decisions.has(entry.data['approval_id']))
      decisions.set(entry.data['approval_id'], decided);
  }
  const calls = new Map<unknown, Call>();
  for (const entry of entries) {
    if (entry.type !== 'tool.execution_started') continue;
    const { approval_id, execution_id, digest } = entry.data;
    const decided = decisions.get(approval_id);
    if (!decided)
      return fail('decision_missing', `A call of ${entry.data['tool_name']} began without a valid decision.`, entry);
    if (!requests.has(approval_id))
      fail('request_missing', `A call of ${entry.data['tool_name']} began that nobody asked for.`, entry);
    if (
      execution_id !== approval_id ||
      difference(decided.claims, entry.data, ['run_id', 'tool_call_id', 'tool_name']) ||
      (digest ?? decided.claims['digest']) !== decided.claims['digest']
    )
      fail('other_call', `What began is another call than the one that was decided on.`, entry);
    calls.set(approval_id, callOf(decided, entry));
  }
  for (const entry of entries) {
    const outcome = outcomes[entry.type];
    if (outcome) await checkOutcome(entry, outcome, { header, calls, decisions });
  }
  const conflicts = entries.length - new Set(entries.map(({ source, id }) => canonical([source, id]))).size;
  if (conflicts > 0)
    notes.push(`${conflicts} event(s) have the id of another one and say something else: one of each is forged.`);
  if (!entries.some(({ type }) => /^run\.(completed|failed|cancelled)$/.test(type)))
    notes.push('The run was not over yet.');
  return { calls: [...calls.values()], notes };
}

async function requestOf(entry: Entry, { keys }: Header, notes: string[]): Promise<unknown> {
  const { data } = entry;
  if (data['signature'] == null)
    notes.push(`Line ${entry.line}: the request is not signed; any producer could have made it.`);
  else {
    const signed = await claimsOf(data['signature'], 'countersign-request+jws', keys.requests);
    if ('reason' in signed) return fail('request_signature', `The request does not count: ${signed.reason}.`, entry);
    const other = difference(signed.claims, data, [...ofCall, 'agent_id', 'user_id', 'requested_by']);
    if (other) fail('request_signature', `The request was signed with another ${other}.`, entry);
  }
  return data['approval_id'];
}

interface Decided {
  claims: Claims;
  checked: boolean;
}

/** A decision that an approval service has signed; anybody may have written another one, which then allows nothing. */
async function decisionOf(entry: Entry, { keys }: Header): Promise<Decided | { reason: string }> {
  const { data } = entry;
  const signed = await claimsOf(data['signature'], 'countersign-decision+jws', keys.decisions);
  if ('reason' in signed) return signed;
  const { claims } = signed;
  const other = difference(claims, data, [...ofCall, 'status', 'requester', 'requested_by', 'resolved_at']);
  if (other) return { reason: `it was signed with another ${other}` };
  const isShown = Array.isArray(data['redact']) && data['redact'].length === 0;
  if (isShown && (await digestOf(exactText(data))) !== claims['digest'])
    return fail('other_call', 'The arguments are not the ones that were decided on.', entry);
  if (claims['status'] !== 'approved') return { claims, checked: isShown };
  const reason = unfounded(claims);
  if (reason) fail('decision_unfounded', reason, entry);
  const expires = data['expires_at'];
  if (typeof expires === 'number' && (claims['resolved_at'] as number) > expires)
    fail('decision_unfounded', 'It was approved after it had expired.', entry);
  return { claims, checked: isShown };
}

/** What the digest of a decision is of: the call, and for whom and by which rules it was decided. */
function exactText(data: Claims): string {
  const { run_id, tool_call_id, tool_name, tool_args, requester, requested_by, policy_version, expires_at } = data;
  const bound = policy_version == null ? {} : { requester, requested_by, policy_version, expires_at };
  return canonical({ run_id, tool_call_id, tool_name, tool_args, ...bound });
}

interface Decider {
  by: string | null;
  verdict: string;
}

function approversIn(claims: Claims): string[] {
  const deciders = (claims['deciders'] ?? []) as Decider[];
  const rejecters = new Set(deciders.filter(({ verdict }) => verdict === 'rejected').map(({ by }) => by));
  const own = claims['four_eyes'] === true ? [claims['requester'], claims['requested_by']] : [];
  return [...new Set(deciders.flatMap(({ by }) => (by === null || rejecters.has(by) || own.includes(by) ? [] : by)))];
}

/** Why an approval does not stand on what it says it rests on. */
function unfounded(claims: Claims): string | undefined {
  const { basis, required_approvals, four_eyes, requested_by, policy_version, grant, deciders, resolved_at } = claims;
  if (claims['act_by'] == null) return 'The decision does not say until when it may be acted on.';
  if (!isCount(resolved_at)) return 'The decision does not say when it was made.';
  if (basis === 'rule') return policy_version == null ? 'A rule decided, and it is not said which.' : undefined;
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
  if (basis !== 'people') return 'It is not said on what the approval rests.';
  if (!isCount(required_approvals)) return 'The decision does not say how many people had to approve.';
  if (four_eyes === true && requested_by == null)
    return 'Nobody knows who asked, so it cannot be told that somebody else approved.';
  const anonymous =
    four_eyes !== true &&
    required_approvals === 1 &&
    ((deciders ?? []) as Decider[]).some(({ by, verdict }) => by === null && verdict === 'approved');
  const count = approversIn(claims).length + (anonymous ? 1 : 0);
  return count < required_approvals
    ? `${count} of ${required_approvals} people approved who had not asked for it.`
    : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

const callOf = ({ claims, checked }: Decided, { data }: Entry): Call => ({
  approval_id: text(data['approval_id'])!,
  tool_name: text(data['tool_name'])!,
  basis: text(claims['basis'])!,
  approved_by: approversIn(claims),
  requested_by: text(claims['requested_by']),
  digest: text(claims['digest'])!,
  arguments_checked: checked,
  outcome: 'running',
});

async function checkOutcome(
  entry: Entry,
  outcome: Call['outcome'],
  { header, calls, decisions }: { header: Header; calls: Map<unknown, Call>; decisions: Map<unknown, Decided> },
): Promise<void> {
  const { data } = entry;
  const signed = await claimsOf(data['signature'], 'countersign-result+jws', header.keys.results);
  if ('reason' in signed) return fail('result_signature', `The outcome does not count: ${signed.reason}.`, entry);
  const said = text(data['result'] ?? data['error'] ?? data['reason']) ?? '';
  const other =
    difference(signed.claims, { ...data, digest: data['digest'] ?? '' }, [...ofCall, 'execution_id', 'attempt']) ??
    difference(signed.claims, { outcome, result_digest: await digestOf(said) }, ['outcome', 'result_digest']);
  if (other) fail('result_signature', `The outcome was signed with another ${other}.`, entry);
  const call = calls.get(data['approval_id']);
  if (call) {
    if (signed.claims['digest'] !== call.digest) fail('other_call', 'The outcome is of another call.', entry);
    call.outcome = outcome;
  } else if (outcome !== 'failed' && decisions.get(data['approval_id'])?.claims['result_digest'] === undefined)
    fail('start_missing', `A call of ${data['tool_name']} has an outcome, and did not begin.`, entry);
}
