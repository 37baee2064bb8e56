import { approvalId, emit, type EventData, type NewEvent } from '@countersign/contracts';
import { canonicalJson } from '@countersign/contracts/json';
import {
  callDigest,
  pauseTypeOf,
  redactArguments,
  redactRequirement,
  type Requirement,
} from '@countersign/contracts/calls';
import type { Call, Run } from '@countersign/contracts/runs';
import type { EpochSeconds } from '@countersign/contracts/time';
import { toolVersion, userInputFields, type Agent } from '@countersign/definitions';
import { outputFor, refusalOf, truncate, type CheckedCall } from './conversation.js';
import { unsigned, who } from './event-data.js';

/** Characters of the model's own reason that an approval shows. */
const maxReason = 10_000;

/** A call that the model wants made. Some models use a call id again: it is still a new call. */
export function newCall(
  run: Pick<Run, 'run_id' | 'calls' | 'set_back_at'>,
  tool_call_id: string,
  { tool, tool_args }: CheckedCall,
  asked_by: Call['asked_by'] = 'model',
): Call {
  const id = freshId(run, tool_call_id);
  const user_input_schema = userInputFields(tool);
  return {
    id,
    confirmation: null,
    confirmation_note: null,
    external_execution_result: null,
    user_input_schema,
    tool_execution: {
      tool_call_id,
      tool_name: tool.name,
      tool_args,
      result: null,
      tool_call_error: null,
      requires_confirmation: tool.requires === 'confirmation',
      confirmed: null,
      confirmation_note: null,
      requires_user_input: tool.requires === 'user_input',
      user_input_schema,
      answered: null,
      external_execution_required: tool.requires === 'external_execution',
      approval_type: tool.approval === 'none' ? null : tool.approval,
      approval_id: tool.approval === 'none' ? null : id,
      redact: tool.redact,
    },
    state: tool.approval === 'none' && tool.requires === null ? 'ready' : 'asked',
    made_by: tool.made_by,
    proposed_args: null,
    rejected: false,
    max_output: tool.max_output,
    unknown: null,
    asked_by,
    ending: null,
    resolved_by: null,
    ready_at: null,
    asked_before: [],
  };
}

/**
 * A model may even use an id that looks like the second use of another. One that it used in what the run has forgotten was of
 * another call, which others know.
 */
function freshId({ run_id, calls, set_back_at }: Parameters<typeof newCall>[0], tool_call_id: string): string {
  const name = set_back_at ? `${tool_call_id}@${set_back_at}` : tool_call_id;
  let id = approvalId(run_id, name);
  for (let use = 1; calls.some((call) => call.id === id); use++) id = approvalId(run_id, `${name}#${use}`);
  return id;
}

export const isOpen = ({ state }: Call): boolean => state !== 'answered';
/** A worker of the runner has to see to it. */
export const isForWorker = ({ state }: Call): boolean => state === 'ready' || state === 'started';

/** The call as others see it, without the runner's own notes. */
export const requirementOf = ({
  state: _state,
  made_by: _made_by,
  proposed_args: _proposed_args,
  max_output: _max_output,
  unknown: _unknown,
  rejected: _rejected,
  asked_by: _asked_by,
  ending: _ending,
  resolved_by: _resolved_by,
  ready_at: _ready_at,
  asked_before: _asked_before,
  ...requirement
}: Call): Requirement => requirement;

export const openCalls = ({ calls }: Run): Call[] => calls.filter(({ state }) => state === 'asked');
/** As an audience sees them. */
export const shownTo = (calls: readonly Call[]): Requirement[] =>
  calls.map((call) => redactRequirement(requirementOf(call)));

/**
 * Of a run that is over: what others decide or make is settled once its outcome reaches the run. What only its own worker would
 * have made is not made any more.
 */
export const isUnsettled = (call: Call): boolean =>
  call.tool_execution.approval_type !== null &&
  isOpen(call) &&
  (call.made_by !== 'runner' || call.confirmation === null);

/** Asks for the approval of a call; the digest ties whatever is decided to exactly this call. */
export function approvalRequired(run: Run, agent: Agent, call: Call, reason: string, repeated = false): NewEvent {
  const { tool_call_id, tool_name, tool_args, approval_type } = call.tool_execution;
  const tool = agent.tools.find(({ name }) => name === tool_name);
  return emit('tool.approval_required', {
    ...who(run),
    approval_id: call.id,
    tool_call_id,
    tool_name,
    tool_args,
    approval_type: approval_type!,
    pause_type: pauseTypeOf(call.tool_execution),
    source_name: agent.name,
    requirement: requirementOf(call),
    parameters: tool?.parameters ?? null,
    tool_version: tool ? toolVersion(tool) : null,
    agent_version: agent.version,
    annotations: tool?.annotations ?? null,
    context: contextOf(run, reason),
    digest: callDigest({ run_id: run.run_id, tool_call_id, tool_name, tool_args }),
    salt: null,
    repeated,
    run_began_at: run.requested_at ?? run.created_at,
    // Put in where it is signed.
    set_back: null,
    ...unsigned,
  });
}

/** What people see of why: what an agent that runs elsewhere says of itself is kept apart from what is known. */
const contextOf = ({ asked, run_input }: Run, reason: string): EventData<'tool.approval_required'>['context'] =>
  asked
    ? { input: null, reason: asked.reason, external: { framework: asked.framework, context: asked.context } }
    : { input: run_input, reason: truncate(reason, maxReason) || null };

/** The call is over, with this output for the model, or for the caller that asked for it. */
export const answered = (call: Call, output: string, failed = false): Call => ({
  ...call,
  ending: call.asked_by === 'caller' ? (failed ? 'failed' : 'succeeded') : null,
  state: 'answered',
  unknown: null,
  external_execution_result: call.tool_execution.external_execution_required ? output : null,
  tool_execution: { ...call.tool_execution, result: outputFor(call, output), tool_call_error: failed },
});

/** Its outcome is unknown. @returns the call after it, or undefined when that, or more, is known already. */
export function outcomeUnknown(
  call: Call,
  { attempt, reason }: EventData<'tool.execution_outcome_unknown'>,
  at: EpochSeconds,
): Call | undefined {
  const { unknown } = call;
  const isKnown = unknown && (attempt < unknown.attempt || (attempt === unknown.attempt && reason === unknown.reason));
  return isKnown ? undefined : { ...call, unknown: { at, attempt, reason } };
}

export const confirm = (call: Call, confirmed: boolean, note: string | null): Call => ({
  ...call,
  confirmation: confirmed,
  confirmation_note: note,
  tool_execution: { ...call.tool_execution, confirmed, confirmation_note: note },
});

/** Whoever started the run resolves a call that needs no approval. What is left out is not resolved yet. */
export interface CallerResolution {
  id: string;
  confirmed?: boolean | undefined;
  note?: string | null | undefined;
  /** The fields of a `user_input` call; they fit its schema. */
  values?: Record<string, unknown> | undefined;
  /** What came of a call that the caller made. */
  result?: string | undefined;
}

/** @returns the call after it, or undefined when this resolves nothing of it. */
export function resolvedByCaller(call: Call, { confirmed, note = null, values, result }: CallerResolution) {
  if (call.state !== 'asked') return undefined;
  if (confirmed === false) return { ...refused(call, { status: 'rejected', by: 'The user', note }), rejected: true };
  switch (pauseTypeOf(call.tool_execution)) {
    case 'confirmation':
      return confirmed ? letThrough(confirm(call, true, note)) : undefined;
    case 'user_input':
      return values && letThrough(confirm(filledIn(call, values), true, note));
    case 'external_execution':
      return result === undefined ? undefined : answered(confirm(call, true, note), result);
  }
}

/** @returns the call after its approval is resolved, or undefined when that is known already. */
export function resolvedByApproval(
  call: Call,
  { status, resolved_by, resolution_data, tool_args, automatic }: EventData<'approval.resolved'>,
): Call | undefined {
  if (isForWorker(call) || call.tool_execution.approval_type === null) return undefined;
  const note = resolution_data?.note ?? null;
  // A restored store has asked people once more: what has come of the call its executor says, which answers that too.
  const isWithExecutor = call.made_by === 'executor' && call.confirmation === true;
  if (status !== 'approved' && isWithExecutor) return undefined;
  // What a rule rejects costs nobody's time, and the rule may be another the next time.
  if (status !== 'approved')
    return { ...refused(call, { status, by: resolved_by, note }), rejected: status === 'rejected' && !automatic };
  const by = call.asked_by === 'caller' ? resolved_by : null;
  const approved = asApproved({ ...confirm(call, true, note), resolved_by: by }, tool_args);
  if (resolution_data?.result !== undefined) return answered(approved, resolution_data.result);
  if (call.confirmation === true) return undefined;
  return call.made_by === 'executor' ? approved : letThrough(approved);
}

/**
 * The same when the time to act on the decision is over. Whether the executor acted in time is its to say, and what
 * a person did by hand is done; what was not made by then is not made any more.
 */
export function resolvedLate(call: Call, data: EventData<'approval.resolved'>): Call | undefined {
  const isSettled = data.status !== 'approved' || data.resolution_data?.result !== undefined;
  if (isSettled || call.made_by === 'executor') return resolvedByApproval(call, data);
  return resolvedByApproval(call, { ...data, status: 'expired', resolution_data: null });
}

function refused(
  call: Call,
  { status, by, note }: { status: EventData<'approval.resolved'>['status']; by: string | null; note: string | null },
): Call {
  const words = refusalOf({ status, resolved_by: by, resolution_data: note === null ? null : { note } });
  const over = answered(confirm(call, false, note), call.asked_by === 'caller' ? (note ?? '') : words);
  return call.asked_by === 'caller' && status !== 'approved' ? { ...over, ending: status, resolved_by: by } : over;
}

/** The earlier call that is the same to the last argument, and that a person rejected. */
export const rejectedBefore = (earlier: readonly Call[], call: Call): Call | undefined =>
  earlier.find(
    ({ rejected, tool_execution }) => rejected && sameCall(tool_execution) === sameCall(call.tool_execution),
  );

const sameCall = ({ tool_name, tool_args }: Call['tool_execution']): string => canonicalJson({ tool_name, tool_args });

/** Refused as the same call was, without asking anybody. */
export function refusedAgain(call: Call, { confirmation_note, tool_execution }: Call): Call {
  const { approval_id, result } = tool_execution;
  const again = answered(confirm(call, false, confirmation_note), `${askedBefore} ${result ?? ''}`);
  return { ...again, rejected: true, tool_execution: { ...again.tool_execution, approval_id } };
}

const askedBefore = 'The same call was rejected before in this run, so it was rejected again without asking a person.';

/** Takes the arguments that were approved, and remembers those of the model when they differ. */
function asApproved(call: Call, tool_args: Record<string, unknown>): Call {
  const proposed = call.tool_execution.tool_args;
  if (JSON.stringify(proposed) === JSON.stringify(tool_args)) return call;
  const values = call.tool_execution.requires_user_input ? tool_args : {};
  const filled = call.tool_execution.requires_user_input ? filledIn(call, values) : call;
  return { ...filled, proposed_args: proposed, tool_execution: { ...filled.tool_execution, tool_args } };
}

/** The values a person filled in, beside what the model proposed. */
function filledIn(call: Call, values: Record<string, unknown>): Call {
  const user_input_schema = (call.user_input_schema ?? []).map((field) =>
    field.name in values ? { ...field, value: values[field.name] } : field,
  );
  const filled = Object.fromEntries(
    user_input_schema.filter(({ name }) => name in values).map(({ name, value }) => [name, value]),
  );
  const tool_args = { ...call.tool_execution.tool_args, ...filled };
  return {
    ...call,
    user_input_schema,
    proposed_args: call.tool_execution.tool_args,
    tool_execution: { ...call.tool_execution, tool_args, user_input_schema, answered: true },
  };
}

/** Nothing stands in the way of the call any more. */
function letThrough(call: Call): Call {
  if (call.made_by === 'runner') return { ...call, state: 'ready' };
  const filled = Object.fromEntries((call.user_input_schema ?? []).map(({ name, value }) => [name, value]));
  const values = redactArguments(filled, call.tool_execution.redact);
  return answered({ ...call, proposed_args: null }, JSON.stringify(values));
}
