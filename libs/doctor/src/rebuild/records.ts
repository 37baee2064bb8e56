import { queueOwner, type Event, type EventData } from '@countersign/contracts';
import { Approval, approvalDigest } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import { Execution } from '@countersign/contracts/executions';
import type { Preview } from '@countersign/contracts/previews';
import { Run } from '@countersign/contracts/runs';
import { toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import type { At, Ended, History } from './history.js';

/** What records say of themselves that nothing on the log says. */
const note = 'It was rebuilt from the log.';
/** A forged start may say any number. */
const mostAttempts = 100;
const stored = ({ event: { traceparent, tracestate }, at }: At<Event>, until = at) => ({
  version: 0,
  due_at: null,
  traceparent,
  tracestate,
  created_at: toEpochSeconds(at),
  updated_at: toEpochSeconds(until),
});

/** The runs that are over. What was said in them was never on the log, nor which calls there were that nobody was asked for. */
export const runsOf = ({ ended, started }: History): Run[] =>
  [...ended].map(([id, end]) => runOf(end, started.get(id)));

function runOf(end: At<Ended>, start: At<Event<'run.started'>> | undefined): Run {
  const { data, type } = end.event;
  const { run_id, agent_id, session_id, user_id, requested_by } = data;
  const over = { at: toEpochSeconds(end.at), type: 'over' } as const;
  return Run.parse({
    run_id,
    agent_id,
    session_id,
    user_id,
    requested_by,
    status: type === 'run.completed' ? 'COMPLETED' : type === 'run.failed' ? 'ERROR' : 'CANCELLED',
    run_input: start?.event.data.input ?? '',
    content: 'content' in data ? data.content : null,
    error: 'error' in data ? data.error : 'reason' in data ? data.reason : null,
    calls: [],
    steps: 'steps' in data ? data.steps : 0,
    usage: 'usage' in data ? data.usage : { input_tokens: 0, output_tokens: 0 },
    failures: 0,
    items: [],
    journal: [over],
    agent_version: null,
    turn: null,
    streamed: false,
    deadline_at: null,
    worked_ms: 0,
    working_since_ms: null,
    lease: null,
    queue_owner: queueOwner(user_id, requested_by),
    finished_at: over.at,
    ...stored(start ?? end, end.at),
  });
}

/**
 * The approvals that were decided on. One that fits no decision is left out: of what was requested only the digest in the
 * decision is signed here. What waits comes again from its request, which is signed.
 */
export const approvalsOf = ({ created, decided, ended }: History): Approval[] =>
  [...decided].flatMap(([id, decision]) => {
    const known = created.get(id);
    if (!known || !isOfRequest(decision.event.data, known.event.data)) return [];
    const approval = approvalOf(known, decision, ended.get(decision.event.data.run_id));
    return approvalDigest(approval) === decision.event.data.digest ? [approval] : [];
  });

type Decided = EventData<'approval.resolved'>;

const isOfRequest = (decided: Decided, { user_id, ...requested }: EventData<'approval.created'>): boolean =>
  decided.requester === user_id &&
  (['run_id', 'requested_by', 'tool_call_id', 'tool_name', 'tool_version'] as const).every(
    (field) => decided[field] === requested[field],
  );

function approvalOf(created: At<Event<'approval.created'>>, decision: At<Event<'approval.resolved'>>, end?: At<Ended>) {
  const { status, resolution_data, resolved_by, resolved_at, decisions, break_glass, grant_id } = decision.event.data;
  const { digest, salt, signature, tool_args, preview_digest } = decision.event.data;
  const resolved = { status, resolution_data, resolved_by, resolved_at, decisions };
  const decided = { ...resolved, break_glass, grant_id, digest, salt, signature };
  const isAsRequested = canonicalJson(tool_args) === canonicalJson(created.event.data.tool_args);
  const { preview } = created.event.data;
  const run = end ? runOf(end, undefined).status : created.event.data.run_status;
  return Approval.parse({
    ...created.event.data,
    ...decided,
    approved_args: isAsRequested ? null : tool_args,
    preview: preview && shownAs(preview, preview_digest),
    run_status: run,
    review: break_glass ? 'open' : null,
    remind_at: null,
    escalate_at: null,
    deleted_at: null,
    ...stored(created, decision.at),
  });
}

/** What it showed is on the topic, and its digest is all that the decision says of it. */
const shownAs = (preview: Preview, digest: string | null): Preview =>
  digest === null
    ? { ...preview, status: 'failed', reason: note }
    : { ...preview, status: 'shown', digest, reason: note };

/** The calls that were approved: with their outcome where the executor has signed one of their last start, else with none. */
export const executionsOf = ({ approved, outcomes, starts, ended }: History): Execution[] =>
  [...approved].flatMap(([id, decision]) => {
    const { run_id, resolution_data } = decision.event.data;
    const outcome = outcomes.get(id);
    // Whoever has done it by hand has said so; and without an outcome a run is completed only by an answer of a person.
    if (resolution_data?.result !== undefined) return [];
    if (!outcome && !starts.has(id) && ended.get(run_id)?.event.type === 'run.completed') return [];
    const isLast = outcome && outcome.event.data.attempt >= (starts.get(id) ?? 0);
    return [executionOf(decision, isLast ? outcome : undefined, starts.get(id) ?? 0)];
  });

function executionOf(
  decision: At<Event<'approval.resolved'>>,
  outcome: At<Event<'tool.execution_completed'> | Event<'tool.execution_failed'>> | undefined,
  starts: number,
): Execution {
  const { approval_id, run_id, tool_call_id, tool_name, tool_args, tool_version, redact, digest, salt } =
    decision.event.data;
  const { signature, resolved_by, requester, requested_by, policy_version, expires_at, resolved_at } =
    decision.event.data;
  const call = { approval_id, run_id, tool_call_id, tool_name, tool_args, tool_version, redact, digest, salt };
  const { preview_digest } = decision.event.data;
  const requested = { requester, requested_by, policy_version, expires_at };
  const by = { ...requested, preview_digest, decision: signature, approved_by: resolved_by };
  const data = outcome?.event.data;
  const status = !data ? 'outcome_unknown' : 'result' in data ? 'succeeded' : 'failed';
  const count = data?.attempt ?? Math.min(starts, mostAttempts);
  const attempts = Array.from({ length: count }, (_, n) => ({
    attempt: n + 1,
    worker: null,
    started_at: resolved_at,
    ended_at: outcome ? toEpochSeconds(outcome.at) : null,
    outcome: n + 1 === count ? status : null,
    reason: note,
  }));
  const lost = `It was decided on ${new Date(toEpochMillis(resolved_at)).toISOString()}, and the log does not say what became of it.`;
  return Execution.parse({
    ...call,
    ...by,
    id: approval_id,
    status,
    attempts,
    result: data && 'result' in data ? data.result : null,
    error_code: data && 'code' in data ? data.code : null,
    error: data ? ('error' in data ? data.error : null) : lost,
    note: null,
    lease: null,
    queue_owner: queueOwner(requester, requested_by),
    ...stored(decision, outcome?.at ?? decision.at),
  });
}
