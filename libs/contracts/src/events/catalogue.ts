import { z } from 'zod';
import {
  Approval,
  ApprovalStatus,
  Comment,
  Decision,
  DecisionBasis,
  ResolutionData,
  SeenDigest,
  DecisionVerdict,
} from '../records/approval.js';
import { CallArguments } from '../records/call-arguments.js';
import {
  redactCommand,
  redactCreated,
  redactOpen,
  redactRejudged,
  redactRequest,
  redactResolved,
  type Redaction,
} from './event-redaction.js';
import { EpochSeconds, Id, JsonObject, RequestedBy, Salt } from '../records/fields.js';
import { MadeBy } from '../records/execution.js';
import { Usage } from '../records/run.js';
import { Subject } from '../records/subject.js';
import { Ruling } from '../records/terms.js';
import { ApprovalType, PauseType, Requirement, ToolVersion } from '../records/tool-call.js';

export const services = ['agent-runner', 'approval-service', 'executor'] as const;
export type ServiceName = (typeof services)[number];

const run = { run_id: Id, agent_id: Id, session_id: Id, user_id: Subject.nullable(), requested_by: RequestedBy };
const call = { run_id: Id, approval_id: Id, tool_call_id: Id, tool_name: Id };
const execution = { ...call, execution_id: Id, attempt: z.int().nonnegative() };
/** As JSON, whatever the characters, this fits into a message of 1 MiB. */
const maxInput = 100_000;

/** As seconds from the request, at most a year. */
const DeadlineIn = z.int().positive().max(31_536_000).meta({
  description: 'Seconds after which the run ends, however far it is.',
});
const openRequirements = z.array(Requirement).meta({ description: 'What the run still waited for.' });

/** What is put in when a commit is sealed. */
const signedBy = (what: string) =>
  z
    .string()
    .nullable()
    .default(null)
    .meta({ description: `${what} as a compact JWS (EdDSA), by the runner.` });

const runToken = z.string().max(10_000).optional().meta({
  description:
    'Who asks: a signed token for exactly this command, of POST /auth/tokens. Without one it is refused where RUN_COMMANDS is "signed".',
});
const RunRequested = z.object({
  agent_id: Id,
  input: z.string().min(1).max(maxInput),
  run_id: Id.optional().meta({
    description: "Chosen by the requester, or else derived from the event's source and id.",
  }),
  session_id: Id.optional(),
  user_id: Subject.optional().meta({
    description: 'For whom; with a token, whoever sent it, unless that is an administrator.',
  }),
  deadline_in: DeadlineIn.optional(),
  token: runToken,
});
const RunCancelRequested = z.object({ run_id: Id, reason: z.string().max(10_000).optional(), token: runToken });
const RunStarted = z.object({ ...run, input: z.string() });
const RunPaused = z.object({ ...run, requirements: z.array(Requirement) });
const RunContinued = z.object({ ...run });
const endSignature = signedBy('The end of the run');
const RunCompleted = z.object({
  ...run,
  content: z.string(),
  steps: z.int(),
  usage: Usage,
  signature: endSignature,
});
const RunFailed = z.object({
  ...run,
  error: z.string(),
  requirements: openRequirements.default([]),
  signature: endSignature,
});
const RunCancelled = z.object({
  ...run,
  reason: z.string().nullable(),
  requirements: openRequirements,
  signature: endSignature,
});
/** Not a fact but a preview: it is sent while a model writes, may be lost, and is over once the step is stored. */
const RunOutputDelta = z.object({
  ...run,
  step: z.int().nonnegative(),
  after: z
    .int()
    .nonnegative()
    .nullable()
    .default(null)
    .meta({ description: "The last entry of the run's journal when it was written." }),
  offset: z.int().nonnegative().meta({ description: 'Characters of the text of this step that came before.' }),
  text: z.string(),
});
const ToolApprovalRequired = z.object({
  ...run,
  ...call,
  tool_args: CallArguments,
  approval_type: ApprovalType,
  pause_type: PauseType,
  source_name: z.string().meta({ description: 'The name of the agent that asks.' }),
  requirement: Requirement,
  parameters: JsonObject.nullable().default(null).meta({ description: "The JSON Schema of the tool's arguments." }),
  tool_version: ToolVersion.nullable().default(null),
  context: JsonObject,
  digest: z.string(),
  salt: Salt,
  signature: signedBy('The request'),
});
/** Each field is named, so that what is added to the record is published by nobody until somebody says so. */
const ApprovalCreated = Approval.pick({
  id: true,
  run_id: true,
  session_id: true,
  status: true,
  source_type: true,
  approval_type: true,
  pause_type: true,
  tool_name: true,
  tool_args: true,
  expires_at: true,
  agent_id: true,
  team_id: true,
  workflow_id: true,
  user_id: true,
  requested_by: true,
  schedule_id: true,
  schedule_run_id: true,
  source_name: true,
  requirements: true,
  context: true,
  resolution_data: true,
  resolved_by: true,
  resolved_at: true,
  run_status: true,
  tool_call_id: true,
  digest: true,
  salt: true,
  decisions: true,
  required_approvals: true,
  allowed_decisions: true,
  terms: true,
  policy: true,
  rules_version: true,
  shadow: true,
  tool_version: true,
  parameters: true,
  approved_args: true,
  grant_id: true,
  granted: true,
  comments: true,
  remind_at: true,
  escalate_at: true,
  escalated_at: true,
  signature: true,
  created_at: true,
  updated_at: true,
});
const ApprovalDecisionRecorded = z.object({
  ...call,
  decision: Decision,
  approvals: z.int().nonnegative(),
  required_approvals: z.int().positive(),
});
const ApprovalResolveRequested = z.object({
  approval_id: Id,
  status: DecisionVerdict,
  resolved_by: Id.optional().meta({ description: 'Without a meaning any more: the token says who decides.' }),
  token: z.string().max(10_000).optional().meta({
    description:
      'Who decides: a signed token for exactly this command, of POST /auth/tokens. Without one it is refused.',
  }),
  resolution_data: ResolutionData.optional(),
  digest: SeenDigest.optional(),
});
const ApprovalResolved = z.object({
  ...call,
  tool_args: CallArguments.meta({ description: 'What was decided on, with the values that a person filled in.' }),
  approval_type: ApprovalType,
  pause_type: PauseType,
  digest: z.string(),
  salt: Salt,
  status: ApprovalStatus.exclude(['pending']),
  automatic: z.boolean().meta({ description: 'True when a policy decided and no person was asked.' }),
  basis: DecisionBasis.nullable()
    .default(null)
    .meta({ description: 'On what it rests; null: nobody decided, since its time or its run was over.' }),
  grant_id: Id.nullable().default(null).meta({ description: 'The standing grant that approved it.' }),
  resolution_data: ResolutionData.nullable(),
  resolved_by: Id.nullable(),
  resolved_at: EpochSeconds,
  redact: z.array(z.string()).default([]).meta({ description: 'Arguments that are not for an audience.' }),
  requester: Id.nullable().default(null).meta({ description: 'The user for whom the run asked.' }),
  requested_by: RequestedBy,
  tool_version: ToolVersion.nullable().default(null),
  policy_version: z.string().nullable().default(null),
  expires_at: EpochSeconds.nullable().default(null),
  decisions: z.array(Decision).default([]),
  signature: z.string().nullable().default(null).meta({ description: 'All of this as a compact JWS (EdDSA).' }),
});
const ofApproval = { ...call, status: ApprovalStatus };
const ApprovalReminderDue = z.object({
  ...ofApproval,
  waiting_since: EpochSeconds,
  reminder_number: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .meta({ description: 'Counts the reminders of the approval.' }),
});
const ApprovalEscalated = z.object({ ...ofApproval, groups: z.array(Id) });
const ApprovalRejudged = z.object({
  ...ofApproval,
  policy: Ruling.nullable(),
  required_approvals: z.int().positive(),
  expires_at: EpochSeconds.nullable(),
});
const ApprovalCommented = z.object({ ...ofApproval, comment: Comment });
const ApprovalResolveRefused = z.object({
  ...call,
  command_id: z.string().meta({ description: 'The id of the command that is refused.' }),
  reason: z.string(),
  code: z.string().nullable().default(null).meta({ description: 'As in a problem over HTTP: stable, for programs.' }),
});
const ApprovalGrantCreated = z.object({
  run_id: Id,
  grant_id: Id,
  agent_id: Id,
  tool_name: Id,
  by: Id.nullable(),
  expires_at: EpochSeconds,
});
const ApprovalGrantRevoked = z.object({ run_id: Id, grant_id: Id, by: Id.nullable() });
const ToolExecutionStarted = z.object({
  ...execution,
  made_by: MadeBy.default('worker'),
  worker: Id.nullable().meta({ description: 'null when a person makes the call.' }),
});
/** Not a fact but a preview: it is sent while a call is made, may be lost, and the whole output is stored. */
const ToolExecutionProgress = z.object({
  ...execution,
  sequence: z.int().nonnegative().meta({ description: 'Counts the news of one attempt.' }),
  output: z.string().meta({ description: 'What was printed since.' }),
  offset: z
    .int()
    .nonnegative()
    .nullable()
    .default(null)
    .meta({ description: 'Characters that this attempt had printed before.' }),
  percent: z.number().min(0).max(100).nullable(),
  message: z.string().nullable(),
});
const digest = z.string().nullable().default(null).meta({ description: 'The call that was made, as it was approved.' });
const signature = z.string().nullable().default(null).meta({ description: 'All of this as a compact JWS (EdDSA).' });
const ToolExecutionCompleted = z.object({ ...execution, result: z.string(), digest, signature });
const ToolExecutionFailed = z.object({ ...execution, error: z.string(), digest, signature });
const ToolExecutionOutcomeUnknown = z.object({ ...execution, reason: z.string(), digest, signature });
const tool_name = Id.nullable().meta({ description: 'The tool; null: all of them.' });
const token = z.string().max(10_000).optional().meta({
  description: 'Who asks: a signed token for exactly this command, of POST /auth/tokens. Without one it is refused.',
});
const ToolPauseRequested = z.object({ tool_name, reason: z.string().min(1).max(10_000), token });
const ToolResumeRequested = z.object({ tool_name, token });
const ToolPaused = z.object({ tool_name, reason: z.string(), by: Id.nullable() });
const ToolResumed = z.object({ tool_name, by: Id.nullable() });

/** `anyone` may send a command; `audit` stands for whoever listens without being part of the flow. */
type Party = ServiceName | 'anyone' | 'audit';

const event = <S extends z.ZodObject, const To extends readonly Party[]>(
  from: Party,
  to: To,
  schema: S,
  redaction: Redaction<z.infer<S>>,
  says: string,
) => ({
  from,
  to,
  schema: schema.meta({ description: says }),
  redaction,
  says,
});

const runner = 'agent-runner';
const approvals = 'approval-service';
const executor = 'executor';

/**
 * Every event there is. The name is the topic and the CloudEvents type, the key is the run's id (a tool's name where
 * there is no run), and the schema
 * is checked when an event is published and again when it is consumed.
 */
// oxfmt-ignore
export const catalogue = {
  'run.requested': event('anyone', [runner], RunRequested, 'none', 'Command: start a run.'),
  'run.cancel_requested': event('anyone', [runner], RunCancelRequested, 'none', 'Command: cancel a run that has not finished.'),
  'run.started': event(runner, ['audit'], RunStarted, 'none', 'A run was accepted.'),
  'run.paused': event(runner, ['audit'], RunPaused, redactOpen, 'The run waits for what its requirements name.'),
  'run.continued': event(runner, ['audit'], RunContinued, 'none', 'The run goes on: a call may be made, or all are answered and the model is asked again.'),
  'run.output_delta': event(runner, ['audit'], RunOutputDelta, 'none', 'A model is writing, and somebody watches; a preview that nothing depends on.'),
  'run.completed': event(runner, [approvals, 'audit'], RunCompleted, 'none', 'The run ended with an answer.'),
  'run.failed': event(runner, [approvals, executor, 'audit'], RunFailed, redactOpen, 'The run ended with an error.'),
  'run.cancelled': event(runner, [approvals, executor, 'audit'], RunCancelled, redactOpen, 'The run was cancelled; what it still asked for is void.'),
  'tool.approval_required': event(runner, [approvals], ToolApprovalRequired, redactRequest, 'A run wants to make this call, and may not until it is approved.'),
  'approval.created': event(approvals, [approvals, 'audit'], ApprovalCreated, redactCreated, 'A call asks for approval. It waits for a decision, unless the rules or a grant decide at once.'),
  'approval.reminder_due': event(approvals, [approvals, 'audit'], ApprovalReminderDue, 'none', 'An approval still waits for a decision.'),
  'approval.escalated': event(approvals, [approvals, 'audit'], ApprovalEscalated, 'none', 'An approval waited for too long: more people may decide now.'),
  'approval.rejudged': event(approvals, ['audit'], ApprovalRejudged, redactRejudged, 'The rules have changed while an approval waited, and ask for more than it was asked for under.'),
  'approval.commented': event(approvals, ['audit'], ApprovalCommented, 'none', 'Somebody said something about an approval.'),
  'approval.resolve_refused': event(approvals, ['audit'], ApprovalResolveRefused, 'none', 'A command to decide did not count, for this reason.'),
  'approval.grant_created': event(approvals, ['audit'], ApprovalGrantCreated, 'none', 'Calls like this one are approved from now on, for a while.'),
  'approval.grant_revoked': event(approvals, ['audit'], ApprovalGrantRevoked, 'none', 'A standing grant holds no longer.'),
  'approval.decision_recorded': event(approvals, ['audit'], ApprovalDecisionRecorded, 'none', 'One person gave a verdict.'),
  'approval.resolve_requested': event('anyone', [approvals], ApprovalResolveRequested, redactCommand, 'Command: decide an approval, by the same rules as over HTTP.'),
  'approval.resolved': event(approvals, [executor, runner, approvals], ApprovalResolved, redactResolved, 'The decision is final: these arguments, or not at all.'),
  'tool.execution_started': event(executor, ['audit'], ToolExecutionStarted, 'none', 'An executor began the approved call.'),
  'tool.execution_progress': event(executor, ['audit'], ToolExecutionProgress, 'none', 'A call is being made, and this is how far it is; a preview that nothing depends on.'),
  'tool.execution_completed': event(executor, [runner, 'audit'], ToolExecutionCompleted, 'none', 'The approved call was made, and this came of it.'),
  'tool.execution_failed': event(executor, [runner, 'audit'], ToolExecutionFailed, 'none', 'The approved call was refused or failed; it is over.'),
  'tool.execution_outcome_unknown': event(executor, [runner, 'audit'], ToolExecutionOutcomeUnknown, 'none', 'The call began and nobody saw it end. A person must find out; it is not made again.'),
  'tool.pause_requested': event('anyone', [executor], ToolPauseRequested, 'none', 'Command: start no calls of a tool, or none at all, until further notice.'),
  'tool.resume_requested': event('anyone', [executor], ToolResumeRequested, 'none', 'Command: start calls again.'),
  'tool.paused': event(executor, ['audit'], ToolPaused, 'none', 'Approved calls of this tool wait; none are lost.'),
  'tool.resumed': event(executor, ['audit'], ToolResumed, 'none', 'Approved calls of this tool are started again.'),
} as const;

export type EventName = keyof typeof catalogue;
export type EventData<N extends EventName> = z.infer<(typeof catalogue)[N]['schema']>;
/** The events that a service must handle. */
export type EventsTo<S extends ServiceName> = {
  [N in EventName]: S extends (typeof catalogue)[N]['to'][number] ? N : never;
}[EventName];
export const eventsTo = (service: ServiceName): EventName[] =>
  eventNames.filter((name) => (catalogue[name].to as readonly Party[]).includes(service));

export const eventNames = Object.keys(catalogue) as EventName[];
export const isEventName = (name: string): name is EventName => Object.hasOwn(catalogue, name);
