import { z } from 'zod';
import {
  AccessRefused,
  AccessUsed,
  DeadLetterSettled,
  KeyCreated,
  Delegated,
  DelegationRevoked,
  KeyRevoked,
  SignedIn,
  SignedOut,
} from './data/access-events.js';
import {
  ApprovalAnswerRequested,
  ApprovalCommented,
  ApprovalCreated,
  ApprovalDecisionRecorded,
  ApprovalDeleted,
  ApprovalEscalated,
  ApprovalGlassBroken,
  ApprovalGlassReviewed,
  ApprovalGrantCreated,
  ApprovalGrantRevoked,
  ApprovalPreviewed,
  ApprovalPreviewAsked,
  ApprovalQuestionAnswered,
  ApprovalQuestionAsked,
  ApprovalRejudged,
  ApprovalReminderDue,
  ApprovalResolved,
  ApprovalResolveRequested,
  ToolApprovalRequired,
} from './data/approval-events.js';
import { AuditCheckpointSigned, AuditHoldPlaced, AuditHoldReleased, AuditRecorded } from './data/audit-events.js';
import { CommandRefused } from './data/command-events.js';
import { ConfigActivated } from './data/config-events.js';
import {
  ToolClaimRequested,
  ToolExecutionCompleted,
  ToolExecutionFailed,
  ToolExecutionIntervened,
  ToolExecutionOutcomeUnknown,
  ToolExecutionProgress,
  ToolExecutionStarted,
  ToolPreviewed,
  ToolReportRequested,
} from './data/execution-events.js';
import { AgentDeclared, RulesDeclared } from './data/config-events.js';
import {
  RunCancelled,
  RunCancelRequested,
  RunCompleted,
  RunContinued,
  RunFailed,
  RunOutputDelta,
  RunPaused,
  RunRequested,
  RunStarted,
  ToolCallEnded,
  ToolCallRequested,
  ToolCallStarted,
} from './data/run-events.js';
import { ToolPaused, ToolPauseRequested, ToolResumed, ToolResumeRequested } from './data/switch-events.js';
import {
  redactCalls,
  redactCommand,
  redactCreated,
  redactOpen,
  redactPreviewRequest,
  redactRejudged,
  redactRequest,
  redactResolved,
  type Redaction,
} from './event-redaction.js';

export const services = ['agent-runner', 'approval-service', 'executor', 'audit'] as const;
export type ServiceName = (typeof services)[number];
/** Those that take part in what happens; the other one keeps the record of it. */
export type ActingService = Exclude<ServiceName, 'audit'>;
export const actingServices = services.filter((service): service is ActingService => service !== 'audit');

/** `anyone` may send a command, and listen to what nobody here waits for. */
type Party = ServiceName | 'anyone';
/** What happens at the edge happens at whichever service is asked. */
type Sender = Party | 'every service';

const event = <S extends z.ZodObject, const To extends readonly Party[]>(
  from: Sender,
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
const audit = 'audit';
const edge = 'every service';

/**
 * Every event there is. The name is the topic and the CloudEvents type, the key is the run's id (a tool's name where
 * there is no run), and the schema
 * is checked when an event is published and again when it is consumed.
 */
// oxfmt-ignore
export const catalogue = {
  'run.requested': event('anyone', [runner, 'audit'], RunRequested, 'none', 'Command: start a run.'),
  'run.cancel_requested': event('anyone', [runner, 'audit'], RunCancelRequested, 'none', 'Command: cancel a run that has not finished.'),
  'tool.call_requested': event('anyone', [runner, 'audit'], ToolCallRequested, redactCalls, 'Command: ask for calls of an external agent; a run without a model waits for their outcomes.'),
  'tool.call_refused': event(runner, ['audit'], CommandRefused, 'none', 'A command to ask for calls did not count, for this reason.'),
  'run.refused': event(runner, ['audit'], CommandRefused, 'none', 'A command to start a run did not count, for this reason.'),
  'run.cancel_refused': event(runner, ['audit'], CommandRefused, 'none', 'A command to cancel a run did not count, for this reason.'),
  'run.started': event(runner, ['audit'], RunStarted, 'none', 'A run was accepted.'),
  'run.paused': event(runner, ['audit'], RunPaused, redactOpen, 'The run waits for what its requirements name.'),
  'run.continued': event(runner, ['audit'], RunContinued, 'none', 'The run goes on: a call may be made, or all are answered and the model is called again.'),
  'run.output_delta': event(runner, ['anyone'], RunOutputDelta, 'none', 'Text of the model while it is written, for a client that streams it; a preview that nothing depends on.'),
  'run.completed': event(runner, [approvals, 'audit'], RunCompleted, 'none', 'The run ended with an answer.'),
  'run.failed': event(runner, [approvals, executor, 'audit'], RunFailed, redactOpen, 'The run ended with an error.'),
  'run.cancelled': event(runner, [approvals, executor, 'audit'], RunCancelled, redactOpen, 'The run was cancelled; its open requests are void.'),
  'tool.call_started': event(runner, ['audit'], ToolCallStarted, 'none', 'A call that needs no approval may be made, by the runner itself.'),
  'tool.call_ended': event(runner, ['audit'], ToolCallEnded, 'none', 'A call that needs no approval is over.'),
  'tool.approval_required': event(runner, [approvals, 'audit'], ToolApprovalRequired, redactRequest, 'A run wants to make this call, and may not until it is approved.'),
  'approval.created': event(approvals, [approvals, 'audit'], ApprovalCreated, redactCreated, 'A call needs approval. It waits for a decision, unless the rules or a grant decide at once.'),
  'approval.reminder_due': event(approvals, [approvals, 'audit'], ApprovalReminderDue, 'none', 'An approval still waits for a decision.'),
  'approval.escalated': event(approvals, [approvals, 'audit'], ApprovalEscalated, 'none', 'An approval waited for too long: more people may decide now.'),
  'approval.rejudged': event(approvals, ['audit'], ApprovalRejudged, redactRejudged, 'The rules have changed while an approval waited, and are stricter than those it was requested under.'),
  'approval.commented': event(approvals, ['audit'], ApprovalCommented, 'none', 'A comment on an approval.'),
  'approval.question_asked': event(approvals, [approvals, 'audit'], ApprovalQuestionAsked, 'none', 'Somebody who may decide asks those who requested the call; until they answer, nobody else approves it.'),
  'approval.question_answered': event(approvals, [approvals, 'audit'], ApprovalQuestionAnswered, 'none', 'The question on an approval is answered, and it waits for a decision again.'),
  'approval.answer_requested': event('anyone', [approvals, 'audit'], ApprovalAnswerRequested, 'none', 'Command: answer the question on an approval.'),
  'approval.answer_refused': event(approvals, ['audit'], CommandRefused, 'none', 'A command to answer did not count, for this reason.'),
  'approval.glass_broken': event(approvals, [approvals, 'audit'], ApprovalGlassBroken, 'none', 'Alarm: somebody whom the rules name for it approved a call alone. A review of it is open.'),
  'approval.glass_reviewed': event(approvals, ['audit'], ApprovalGlassReviewed, 'none', 'Somebody else closed the review of a broken glass.'),
  'approval.preview_asked': event(approvals, [executor, 'audit'], ApprovalPreviewAsked, redactPreviewRequest, 'The tool of a call that waits for a decision is to say what the call would do.'),
  'approval.previewed': event(approvals, ['audit'], ApprovalPreviewed, 'none', 'What people are shown of what a call would do, or why they are shown nothing.'),
  'approval.resolve_refused': event(approvals, ['audit'], CommandRefused, 'none', 'A command to decide did not count, for this reason.'),
  'approval.deleted': event(approvals, ['audit'], ApprovalDeleted, 'none', 'Somebody deleted an approval: it is hidden, and stays on record.'),
  'approval.grant_created': event(approvals, ['audit'], ApprovalGrantCreated, 'none', 'Calls like this one are approved from now on, for a while.'),
  'approval.grant_revoked': event(approvals, ['audit'], ApprovalGrantRevoked, 'none', 'A standing grant holds no longer.'),
  'approval.decision_recorded': event(approvals, ['audit'], ApprovalDecisionRecorded, 'none', 'One person gave a verdict.'),
  'approval.resolve_requested': event('anyone', [approvals, 'audit'], ApprovalResolveRequested, redactCommand, 'Command: decide an approval, by the same rules as over HTTP.'),
  'approval.resolved': event(approvals, [executor, runner, approvals, 'audit'], ApprovalResolved, redactResolved, 'The decision is final: these arguments, or not at all.'),
  'tool.execution_started': event(executor, ['audit'], ToolExecutionStarted, 'none', 'An executor began the approved call.'),
  'tool.execution_progress': event(executor, ['anyone'], ToolExecutionProgress, 'none', 'A call is being made, and this is how far it is; a preview that nothing depends on.'),
  'tool.execution_completed': event(executor, [runner, 'audit'], ToolExecutionCompleted, 'none', 'The approved call was made, and this came of it.'),
  'tool.execution_failed': event(executor, [runner, 'audit'], ToolExecutionFailed, 'none', 'The approved call was refused or failed; it is over.'),
  'tool.execution_outcome_unknown': event(executor, [runner, 'audit'], ToolExecutionOutcomeUnknown, 'none', 'The call began, and its end was not observed. A person must reconcile it; it is not made again.'),
  'tool.previewed': event(executor, [approvals, 'audit'], ToolPreviewed, 'none', 'What a call would do, as its tool says without doing it; or why it says nothing.'),
  'tool.execution_intervened': event(executor, ['audit'], ToolExecutionIntervened, 'none', 'Somebody settled, retried, reported or wants to cancel an approved call.'),
  'tool.claim_requested': event('anyone', [executor, 'audit'], ToolClaimRequested, 'none', 'Command: whoever asked for an approved call begins it; sent again with the same claim, that it goes on.'),
  'tool.claim_refused': event(executor, ['audit'], CommandRefused, 'none', 'A command to begin a call, or to go on with it, did not count, for this reason.'),
  'tool.report_requested': event('anyone', [executor, 'audit'], ToolReportRequested, 'none', 'Command: what came of a call that whoever asked for it has made.'),
  'tool.report_refused': event(executor, ['audit'], CommandRefused, 'none', 'A report of an outcome did not count, for this reason.'),
  'tool.pause_requested': event('anyone', [executor, 'audit'], ToolPauseRequested, 'none', 'Command: start no calls of a tool, or none at all, until further notice.'),
  'tool.resume_requested': event('anyone', [executor, 'audit'], ToolResumeRequested, 'none', 'Command: start calls again.'),
  'tool.pause_refused': event(executor, ['audit'], CommandRefused, 'none', 'A command to pause did not count, for this reason.'),
  'tool.resume_refused': event(executor, ['audit'], CommandRefused, 'none', 'A command to resume did not count, for this reason.'),
  'tool.paused': event(executor, ['audit'], ToolPaused, 'none', 'Approved calls of this tool wait; none are lost.'),
  'tool.resumed': event(executor, ['audit'], ToolResumed, 'none', 'Approved calls of this tool are started again.'),
  'access.key_created': event(approvals, ['audit'], KeyCreated, 'none', 'Somebody made an API key.'),
  'access.key_revoked': event(approvals, ['audit'], KeyRevoked, 'none', 'Somebody revoked an API key.'),
  'access.delegated': event(approvals, ['audit'], Delegated, 'none', 'Somebody named a deputy, who decides in their place for a while where the rules of a call have deputies.'),
  'access.delegation_revoked': event(approvals, ['audit'], DelegationRevoked, 'none', 'A deputy decides in the place of somebody no longer.'),
  'access.signed_in': event(edge, ['audit'], SignedIn, 'none', 'Somebody began a session in a browser.'),
  'access.signed_out': event(edge, ['audit'], SignedOut, 'none', 'Somebody ended their session.'),
  'access.refused': event(edge, ['audit'], AccessRefused, 'none', 'Somebody tried what they may not, or showed credentials that are not valid.'),
  'access.used': event(edge, ['audit'], AccessUsed, 'none', 'Somebody may do what no other event says, and asks for it: a backup, a token for commands, the name of a session, a run that is tried again, what a browser is told.'),
  'config.rules_declared': event(approvals, ['audit'], RulesDeclared, 'none', 'Rules that came into force, once for each version of them.'),
  'config.agent_declared': event(runner, ['audit'], AgentDeclared, 'none', 'A version of an agent that runs begin with, and what it is.'),
  'config.activated': event(approvals, ['audit'], ConfigActivated, 'none', 'A version of countersign.yaml is in force from now on, for all services. Informational: services read the version in force from the store.'),
  'message.dead_letter_settled': event(approvals, ['audit'], DeadLetterSettled, 'none', 'Somebody replayed or discarded a dead letter.'),
  'audit.hold_placed': event(audit, ['audit'], AuditHoldPlaced, 'none', 'Somebody keeps entries of the record from being removed, however old they are.'),
  'audit.hold_released': event(audit, ['audit'], AuditHoldReleased, 'none', 'Somebody released a legal hold.'),
  'audit.recorded': event(audit, ['anyone'], AuditRecorded, 'none', 'An event as it is on record: redacted, numbered within its run, and a leaf of the tree that checkpoints commit to.'),
  'audit.checkpoint_signed': event(audit, ['anyone'], AuditCheckpointSigned, 'none', 'So many entries are on record, and this is the root of their tree.'),
} as const;

/** Transient events: progress and previews, whose final state is stored elsewhere; nothing depends on them. */
export const previews: ReadonlySet<EventName> = new Set(['run.output_delta', 'tool.execution_progress']);

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

/** What answers each command that does not count, and does so instead of a dead letter where it can be read. */
export const refusals = {
  'run.requested': 'run.refused',
  'run.cancel_requested': 'run.cancel_refused',
  'tool.call_requested': 'tool.call_refused',
  'approval.resolve_requested': 'approval.resolve_refused',
  'approval.answer_requested': 'approval.answer_refused',
  'tool.claim_requested': 'tool.claim_refused',
  'tool.report_requested': 'tool.report_refused',
  'tool.pause_requested': 'tool.pause_refused',
  'tool.resume_requested': 'tool.resume_refused',
} as const satisfies Partial<Record<EventName, EventName>>;
export const isCommand = (name: EventName): name is keyof typeof refusals => Object.hasOwn(refusals, name);
