import { judge, outcomes, previewDigestOf, type Authentic, type Doubtful } from './authentic.js';
import type { Bundle, Entry } from './bundle.js';
import { approversIn } from './foundation.js';
import { unnamed } from './glass.js';
import { EvidenceProblem, type ProblemCode } from './problem.js';
import { canonical, difference } from './signed.js';

type Outcome = (typeof outcomes)[keyof typeof outcomes];

/** A call that began, and on what. */
export interface Call {
  approval_id: string;
  tool_name: string;
  /** On what it was allowed: people, a rule, a grant, or that its tool only wants a record. */
  basis: string;
  /** Who approved, where people did. */
  approved_by: string[];
  /** Who approved alone in an emergency, as a rule let them; null: nobody did. */
  break_glass: { by: string; group: string } | null;
  requested_by: string | null;
  digest: string;
  /** The version of the rules by which it was decided, and null where it is not known. */
  rules_version: string | null;
  /** Whether the digest was computed from the arguments, which are all shown. */
  arguments_checked: boolean;
  /** The key of an executor that signed its start. What no executor signed is no call, and noted. */
  start_signed_by: string;
  outcome: Outcome | 'running';
}

export interface Meaning {
  calls: Call[];
  /** What is worth knowing and no reason to doubt. */
  notes: string[];
}

const fail = (code: ProblemCode, message: string, { line }: Entry): never => {
  throw new EvidenceProblem(code, message, line);
};
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const outcomeTypes = Object.keys(outcomes);
const nouns: Readonly<Record<string, string>> = {
  'tool.approval_required': 'request',
  'approval.resolved': 'decision',
  'tool.execution_started': 'start',
  'tool.previewed': 'preview',
};
const nounOf = (type: string): string => nouns[type] ?? 'outcome';

/**
 * What a whole record of a run means: each call began on a valid decision on exactly this call, by enough people who had
 * not asked for it, in time; each approval has its request, and each outcome its start. In which order they were
 * recorded says nothing. Who may write to a topic can put there what they like: what is not authentic is noted, and what
 * is has to hold by itself.
 *
 * @throws EvidenceProblem for the first thing that does not hold
 */
export async function meaningOf({ header, entries }: Bundle): Promise<Meaning> {
  const notes: string[] = [];
  const found = new Found();
  for (const entry of entries) {
    const judged = await judge(entry, header);
    if (judged) found.add(judged);
    if (!judged || !('reason' in judged)) continue;
    const noun = nounOf(entry.type);
    notes.push(`Line ${entry.line}: a ${noun} on the topic is not authentic and does not count, ${judged.reason}.`);
  }
  const calls = new Map<unknown, Call>();
  for (const decision of found.all('approval.resolved'))
    if (decision.claims['status'] === 'approved') {
      checkApproval(decision, found);
      await checkPreview(decision, found);
      const reason = unnamed(decision.claims, header.rules ?? []);
      if (reason) fail('decision_unfounded', reason, decision.entry);
    }
  for (const started of found.all('tool.execution_started')) calls.set(idOf(started), callOf(started, found));
  for (const type of outcomeTypes)
    for (const outcome of found.all(type)) checkOutcome(outcome, calls.get(idOf(outcome)), found);
  for (const { data, line } of entries.filter(({ type }) => type === 'approval.decision_recorded'))
    if (found.of('tool.approval_required', data['approval_id']).length === 0)
      notes.push(`Line ${line}: a decision on ${data['approval_id']}, which nobody requested.`);
  const named = (type: string, name: string) => found.all(type).flatMap(({ claims }) => text(claims[name]) ?? []);
  for (const version of missing(header.rules, named('approval.resolved', 'policy_version')))
    notes.push(`The rules of version ${version}, by which it was decided, are not in this evidence.`);
  for (const version of missing(header.agents, named('tool.approval_required', 'agent_version')))
    notes.push(`The agent of version ${version}, which asked for a call, is not in this evidence.`);
  for (const version of missing(
    header.schemas,
    entries.flatMap(({ schema }) => text(schema) ?? []),
  ))
    notes.push(`The schema of version ${version}, by which an event was read, is not in this evidence.`);
  const conflicts = entries.length - new Set(entries.map(({ source, id }) => canonical([source, id]))).size;
  if (conflicts > 0)
    notes.push(`${conflicts} event(s) have the id of another one and say something else: one of each is forged.`);
  if (!entries.some(({ type }) => /^run\.(completed|failed|cancelled)$/.test(type)))
    notes.push('The run was not over yet.');
  return { calls: [...calls.values()], notes };
}

/** The versions that are named and not there. */
function missing(there: readonly { version: string }[] = [], named: readonly string[]): Set<string> {
  const known = new Set(there.map(({ version }) => version));
  return new Set(named.filter((version) => !known.has(version)));
}

const idOf = ({ entry }: Authentic | Doubtful): unknown => entry.data['approval_id'];

/** What there is of each approval, apart by what it is worth. */
class Found {
  readonly #authentic = new Map<string, Authentic[]>();
  readonly #doubtful = new Map<string, Doubtful>();

  add(judged: Authentic | Doubtful): void {
    const { type } = judged.entry;
    const about = keyOf(type, idOf(judged));
    if ('reason' in judged) {
      if (!this.#doubtful.has(about)) this.#doubtful.set(about, judged);
      return;
    }
    for (const key of [type, about]) this.#authentic.set(key, [...(this.#authentic.get(key) ?? []), judged]);
  }

  all(type: string): readonly Authentic[] {
    return this.#authentic.get(type) ?? [];
  }

  of(type: string, id: unknown): readonly Authentic[] {
    return this.#authentic.get(keyOf(type, id)) ?? [];
  }

  /** The approval that a call was made on; best one that shows all of its arguments. */
  approval(id: unknown): Authentic | undefined {
    const approvals = this.of('approval.resolved', id).filter(({ claims }) => claims['status'] === 'approved');
    return approvals.find(({ checked }) => checked) ?? approvals[0];
  }

  /** Of the last attempt; that it is unknown was said before somebody found out. */
  outcomeOf(id: unknown): Outcome | undefined {
    const worth = ({ claims }: Authentic) =>
      2 * (claims['attempt'] as number) + (claims['outcome'] === 'outcome_unknown' ? 0 : 1);
    const [last] = outcomeTypes
      .flatMap((type) => this.of(type, id))
      .toSorted((one, other) => worth(other) - worth(one));
    return last?.claims['outcome'] as Outcome | undefined;
  }

  doubtful(types: readonly string[], id: unknown): Doubtful | undefined {
    return types.flatMap((type) => this.#doubtful.get(keyOf(type, id)) ?? [])[0];
  }

  /** @throws EvidenceProblem that says what is wrong with the only one there is, or that there is none */
  refuse(type: string, entry: Entry, code: ProblemCode): never {
    const only = this.doubtful([type], entry.data['approval_id']);
    if (only) return fail(only.code, `The only ${nounOf(type)} of a call does not count: ${only.reason}.`, only.entry);
    return fail(code, `There is no valid ${nounOf(type)} for a call of ${entry.data['tool_name']}.`, entry);
  }
}

const keyOf = (type: string, id: unknown): string => canonical([type, id ?? null]);

/** Of a call that was approved, what there is besides is authentic too, or there is one that is. */
function checkApproval({ entry, claims }: Authentic, found: Found): void {
  const id = claims['approval_id'];
  const requests = found.of('tool.approval_required', id);
  if (requests.length === 0) return found.refuse('tool.approval_required', entry, 'request_missing');
  for (const request of requests) {
    if (difference(request.claims, claims, ['run_id', 'tool_call_id', 'tool_name']))
      fail('other_call', 'The decision is on another call than the one that was requested.', entry);
    const askers = { requester: request.claims['user_id'], requested_by: request.claims['requested_by'] };
    if (difference(askers, claims, ['requester', 'requested_by']))
      fail(
        'decision_unfounded',
        'The requesters are not those that the decision names, so an approver may be one of them.',
        entry,
      );
  }
  for (const types of [['tool.execution_started'], outcomeTypes]) {
    const forged = types.some((type) => found.of(type, id).length > 0) ? undefined : found.doubtful(types, id);
    if (forged) found.refuse(forged.entry.type, entry, forged.code);
  }
}

/** Where it was decided on what a preview showed, an executor has shown that. */
async function checkPreview({ entry, claims }: Authentic, found: Found): Promise<void> {
  const decided = entry.data['preview_digest'] ?? null;
  if (decided === null) return;
  for (const shown of found.of('tool.previewed', claims['approval_id']))
    if (shown.claims['outcome'] === 'shown' && (await previewDigestOf(shown.entry.data)) === decided) return;
  found.refuse('tool.previewed', entry, 'preview_missing');
}

function callOf({ entry, claims, kid }: Authentic, found: Found): Call {
  const id = claims['approval_id'];
  const decision = found.approval(id);
  if (!decision) return found.refuse('approval.resolved', entry, 'decision_missing');
  if (
    claims['execution_id'] !== id ||
    difference(decision.claims, claims, ['run_id', 'tool_call_id', 'tool_name', 'digest'])
  )
    fail('other_call', 'What began is another call than the one that was decided on.', entry);
  return {
    approval_id: text(id)!,
    tool_name: text(claims['tool_name'])!,
    basis: text(decision.claims['basis'])!,
    approved_by: approversIn(decision.claims),
    break_glass: glassIn(decision.claims['break_glass']),
    requested_by: text(decision.claims['requested_by']),
    digest: text(claims['digest'])!,
    rules_version: text(decision.claims['policy_version']),
    arguments_checked: decision.checked,
    start_signed_by: kid,
    outcome: found.outcomeOf(id) ?? 'running',
  };
}

function glassIn(signed: unknown): Call['break_glass'] {
  const { by, group } = (signed ?? {}) as { by?: string; group?: string };
  return by === undefined || group === undefined ? null : { by, group };
}

function checkOutcome({ entry, claims }: Authentic, call: Call | undefined, found: Found): void {
  if (call && claims['digest'] !== call.digest) fail('other_call', 'The outcome is of another call.', entry);
  if (call || claims['outcome'] === 'failed') return;
  const isByHand = found.approval(claims['approval_id'])?.claims['result_digest'] !== undefined;
  if (!isByHand) found.refuse('tool.execution_started', entry, 'start_missing');
}
