import { z } from 'zod';
import { CallArguments } from '../calls/call-arguments.js';
import { Id, JsonObject, Lease, QueueOwner, RequestedBy, stored } from '../fields/fields.js';
import { EpochMillis, EpochSeconds } from '../time/epoch.js';
import { toEpochSeconds } from '../time/time.js';
import { RunErrorCode } from './run-error.js';
import { redactCall, redactRequirement, Requirement, ToolExecution } from '../calls/tool-call.js';

export const RunStatus = z.enum(['PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'CANCELLED', 'ERROR']);
export type RunStatus = z.infer<typeof RunStatus>;

export const finishedRunStatuses = ['COMPLETED', 'CANCELLED', 'ERROR'] as const satisfies RunStatus[];
export const isFinishedStatus = (status: RunStatus): boolean =>
  (finishedRunStatuses as readonly RunStatus[]).includes(status);

/** An item of the conversation in the shape of OpenAI's Responses API, kept as the model gave it. */
export const ConversationItem = z.looseObject({ type: z.string() });
export type ConversationItem = z.infer<typeof ConversationItem>;

export const Usage = z.object({ input_tokens: z.int().nonnegative(), output_tokens: z.int().nonnegative() });
export type Usage = z.infer<typeof Usage>;

/** An executor's report of an unknown outcome, which a person must reconcile. */
export const UnknownOutcome = z.object({
  at: EpochSeconds,
  attempt: z
    .int()
    .nonnegative()
    .meta({ description: 'The start with unknown outcome; 0: none is on record, and there may have been one.' }),
  reason: z.string().meta({ description: 'For people.' }),
});
export type UnknownOutcome = z.infer<typeof UnknownOutcome>;

/** How a call ended. */
export const CallEnding = z.enum(['succeeded', 'failed', 'rejected', 'expired', 'cancelled']);
export type CallEnding = z.infer<typeof CallEnding>;

/** What an external agent claims of the calls it requests. None of it was verified. */
export const Asked = z.object({
  digest: z.string().meta({ description: 'Of the request, which may come again.' }),
  framework: z.string().nullable(),
  reason: z.string().nullable(),
  context: JsonObject.nullable(),
});
export type Asked = z.infer<typeof Asked>;

/**
 * A call of the conversation and how far it is:
 *
 * ```
 *  asked ── approved, confirmed or filled in ──► ready ──► started ──► answered
 *    └── refused, or its outcome arrives ────────────────────────────► answered
 * ```
 */
export const Call = Requirement.extend({
  state: z.enum(['asked', 'ready', 'started', 'answered']),
  made_by: z
    .enum(['runner', 'executor', 'person'])
    .meta({ description: 'Who makes the call. A person’s is answered with what the person says.' }),
  proposed_args: CallArguments.nullable().meta({
    description: "The model's arguments, when a person approved others.",
  }),
  rejected: z.boolean().default(false).meta({
    description: 'Whether a person rejected it. The same call is then refused by itself for the rest of the run.',
  }),
  max_output: z.int().positive().meta({ description: 'Maximum characters of the output passed to the model.' }),
  unknown: UnknownOutcome.nullable().default(null).meta({
    description: 'While its outcome is unknown. It is not made again, and its execution must be reconciled.',
  }),
  asked_by: z.enum(['model', 'caller']).default('model').meta({
    description: 'A model is answered in sentences; a caller gets the outcome as it is.',
  }),
  ending: CallEnding.nullable().default(null).meta({ description: 'How it ended, of a call of an external agent.' }),
  asked_before: z.array(Id).default([]).meta({
    description: 'Approvals that let it through, and did not let it be made: its preview had changed by then.',
  }),
  resolved_by: Id.nullable().default(null).meta({ description: 'Who decided on a call of an external agent.' }),
  ready_at: EpochSeconds.nullable()
    .default(null)
    .meta({ description: 'When it was let through, if the runner makes it.' }),
});
export type Call = z.infer<typeof Call>;

/** One line of what happened in a run, in order; the n-th line has the id n in the stream of its events. */
export const JournalEntry = z.object({
  at: EpochSeconds,
  type: z.enum(['started', 'text', 'call_started', 'call_ended', 'paused', 'continued', 'over']),
  call: Id.optional().meta({ description: 'The requirement id of the call it is about.' }),
  items: z
    .tuple([z.int().nonnegative(), z.int().nonnegative()])
    .optional()
    .meta({ description: 'Which items hold the text, from the first to before the second.' }),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

/** A run of an agent, as the runner keeps it. */
export const Run = z.object({
  run_id: Id,
  agent_id: Id,
  session_id: Id,
  user_id: Id.nullable(),
  requested_by: RequestedBy,
  status: RunStatus,
  run_input: z.string(),
  content: z.string().nullable().meta({ description: "The agent's answer, once COMPLETED." }),
  error: z.string().nullable().meta({ description: 'Why the run ended in ERROR or was CANCELLED, or why it waits.' }),
  error_code: RunErrorCode.nullable()
    .default(null)
    .meta({ description: 'The same for programs, where it has a code.' }),
  waiting_since: EpochSeconds.nullable().default(null).meta({
    description: 'Since when the model has failed, or what else it waits for has been away.',
  }),
  calls: z.array(Call),
  steps: z.int().nonnegative().meta({ description: 'Model calls that were answered.' }),
  failures: z.int().nonnegative().meta({ description: 'Model calls that failed since the last that was answered.' }),
  usage: Usage,
  items: z.array(ConversationItem),
  journal: z.array(JournalEntry),
  agent_version: z
    .string()
    .nullable()
    .meta({ description: 'Digest of the definition of the agent and its tools that the run works with.' }),
  turn: z.int().nonnegative().nullable().meta({ description: 'Its place in the session, once it has begun.' }),
  streamed: z.boolean().meta({ description: "Whether a client streams the model's text while it is written." }),
  requested_at: EpochSeconds.nullable().default(null).meta({
    description:
      'When it was requested at the earliest, by the time that its sender says, less 30 seconds; 0: not known.',
  }),
  deadline_at: EpochMillis.nullable().meta({ description: 'When the run ends, however far it is.' }),
  worked_ms: z.int().nonnegative().meta({ description: 'Time that workers spent on it, without the pauses.' }),
  working_since_ms: EpochMillis.nullable(),
  lease: Lease.nullable(),
  queue_owner: QueueOwner,
  finished_at: EpochSeconds.nullable(),
  unsettled: z
    .boolean()
    .default(false)
    .meta({ description: 'It is finished, and the outcome of one of its calls has not arrived.' }),
  asked: Asked.nullable().default(null).meta({
    description: 'Of an external agent: no model is called, and the run ends when all its calls are answered.',
  }),
  set_back_at: EpochSeconds.nullable().default(null).meta({
    description:
      'When a restore of the store took it back, or its id may have come again after one: ids of calls from then on are none that are forgotten.',
  }),
  ...stored,
});
export type Run = z.infer<typeof Run>;

/**
 * A run as the API shows it, in agno's shape: its calls as `tools`, and what it waits or waited for as `requirements`.
 * Each field is named, so that what is added to the record is not shown by default.
 */
export const RunOutput = Run.pick({
  run_id: true,
  agent_id: true,
  session_id: true,
  user_id: true,
  requested_by: true,
  status: true,
  run_input: true,
  content: true,
  error: true,
  error_code: true,
  waiting_since: true,
  failures: true,
  steps: true,
  usage: true,
  agent_version: true,
  turn: true,
  deadline_at: true,
  worked_ms: true,
  finished_at: true,
  version: true,
  traceparent: true,
  tracestate: true,
  created_at: true,
  updated_at: true,
})
  .extend({
    tools: z.array(ToolExecution),
    requirements: z.array(Requirement),
    next_try_at: EpochSeconds.nullable()
      .default(null)
      .meta({ description: 'When a run that waits (`waiting_since`) is tried next.' }),
    unknown_outcomes: z
      .array(UnknownOutcome.extend({ execution_id: Id, tool_call_id: Id, tool_name: Id }))
      .default([])
      .meta({ description: 'Calls with unknown outcome, until a person reconciles their executions.' }),
  })
  .meta({ id: 'Run' });
export type RunOutput = z.infer<typeof RunOutput>;

/** Whether the call had to be let through, by an approval or by whoever started the run. */
export const isGated = ({ tool_execution: call }: Requirement): boolean =>
  call.approval_type !== null ||
  call.requires_confirmation ||
  call.requires_user_input ||
  call.external_execution_required;

/** @param redact whether declared arguments are hidden, as they are wherever more than one run is shown. */
export function showRun(run: Run, { redact = false } = {}): RunOutput {
  const tools = run.calls.map(({ tool_execution }) => tool_execution);
  const requirements = run.calls.filter(isGated);
  const unknown = run.calls.flatMap((call) => (call.unknown ? [shownUnknown(call, call.unknown)] : []));
  return RunOutput.parse({
    ...run,
    error: [run.error ?? [], unknown.map(lineOn)].flat(2).join('\n') || null,
    unknown_outcomes: unknown,
    next_try_at: nextTryOf(run),
    tools: redact ? tools.map(redactCall) : tools,
    requirements: redact ? requirements.map(redactRequirement) : requirements,
  });
}

const nextTryOf = ({ status, waiting_since, due_at }: Run): EpochSeconds | null =>
  status === 'PENDING' && (waiting_since ?? null) !== null && due_at !== null ? toEpochSeconds(due_at) : null;

const shownUnknown = ({ id, tool_execution: { tool_call_id, tool_name } }: Call, unknown: UnknownOutcome) => ({
  ...unknown,
  execution_id: id,
  tool_call_id,
  tool_name,
});

const lineOn = ({ execution_id, reason }: ReturnType<typeof shownUnknown>): string =>
  `The outcome of a call is unknown (${reason.replaceAll(/\s+/g, ' ')}). It is not made again; a person must reconcile execution ${execution_id}.`;
