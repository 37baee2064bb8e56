import { z } from 'zod';
import {
  Approval,
  ApprovalStatus,
  Comment,
  Decision,
  DecisionBasis,
  DecisionVerdict,
  ResolutionData,
  SeenDigest,
  TypedTarget,
} from '../../approvals/approval.js';
import { Answer, QuestionText } from '../../questions/question.js';
import { BreakGlass, GlassReview } from '../../break-glass/break-glass.js';
import { Preview, PreviewRound } from '../../previews/preview.js';
import { CallArguments } from '../../calls/call-arguments.js';
import { Id, JsonObject, RequestedBy, Salt } from '../../fields/fields.js';
import { RunStatus } from '../../runs/run.js';
import { EpochSeconds } from '../../time/epoch.js';
import { Ruling } from '../../approvals/terms.js';
import { ApprovalType, PauseType, Requirement, ToolAnnotations, ToolVersion } from '../../calls/tool-call.js';
import { call, run, signedBy } from './fields.js';

export const ToolApprovalRequired = z.object({
  ...run,
  ...call,
  tool_args: CallArguments,
  approval_type: ApprovalType,
  pause_type: PauseType,
  source_name: z.string().meta({ description: 'The name of the requesting agent.' }),
  requirement: Requirement,
  parameters: JsonObject.nullable().default(null).meta({ description: "The JSON Schema of the tool's arguments." }),
  tool_version: ToolVersion.nullable().default(null),
  agent_version: Id.nullable().default(null).meta({
    description: 'Digest of the definition of the agent that the run works with, of `config.agent_declared`.',
  }),
  annotations: ToolAnnotations.nullable().default(null),
  context: JsonObject,
  digest: z.string(),
  salt: Salt,
  repeated: z.boolean().default(false).meta({
    description:
      'The same request, resent because no answer arrived: whoever has answered it publishes the answer again.',
  }),
  run_began_at: EpochSeconds.nullable().default(null).meta({ description: 'When the run was requested.' }),
  set_back: z.enum(['recovering', 'set_back']).nullable().default(null).meta({
    description: 'The run may have made the call before, by records that a restore of the runner’s store has lost.',
  }),
  signature: signedBy('The request'),
});

/** Each field is named, so that what is added to the record is not published by default. */
export const ApprovalCreated = Approval.pick({
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
  annotations: true,
  presentation: true,
  preview: true,
  parameters: true,
  approved_args: true,
  grant_id: true,
  granted: true,
  possibly_executed: true,
  comments: true,
  questions: true,
  break_glass: true,
  review: true,
  reviewed: true,
  remind_at: true,
  escalate_at: true,
  escalated_at: true,
  signature: true,
  created_at: true,
  updated_at: true,
});

export const ApprovalDecisionRecorded = z.object({
  ...call,
  decision: Decision,
  approvals: z.int().nonnegative(),
  required_approvals: z.int().positive(),
});

/** Whoever writes it beside `resolution_data` would approve what they meant to change. */
const misplaced = z.never().optional().meta({ description: 'Refused here: it belongs into `resolution_data`.' });

export const ApprovalResolveRequested = z.object({
  approval_id: Id,
  status: DecisionVerdict,
  resolved_by: Id.optional().meta({ description: 'Without a meaning any more: the token says who decides.' }),
  token: z.string().max(10_000).optional().meta({
    description:
      'Who decides: a signed token for exactly this command, of POST /auth/tokens. Without one it is refused.',
  }),
  resolution_data: ResolutionData.optional(),
  digest: SeenDigest.optional(),
  target: TypedTarget.optional(),
  note: misplaced,
  result: misplaced,
  values: misplaced,
  tool_args: misplaced,
  grant: misplaced,
});

export const ApprovalResolved = z.object({
  ...call,
  tool_args: CallArguments.meta({ description: 'What was decided on, with the values that a person filled in.' }),
  approval_type: ApprovalType,
  pause_type: PauseType,
  digest: z.string(),
  salt: Salt,
  status: ApprovalStatus.exclude(['pending']),
  automatic: z.boolean().meta({ description: 'True when a policy decided, without a person.' }),
  basis: DecisionBasis.nullable()
    .default(null)
    .meta({ description: 'Basis of the decision; null: expired or cancelled.' }),
  grant_id: Id.nullable().default(null).meta({ description: 'The standing grant that approved it.' }),
  resolution_data: ResolutionData.nullable(),
  resolved_by: Id.nullable(),
  resolved_at: EpochSeconds,
  redact: z.array(z.string()).default([]).meta({ description: 'Arguments that are not for an audience.' }),
  requester: Id.nullable().default(null).meta({ description: 'The user for whom the run requested it.' }),
  requested_by: RequestedBy,
  tool_version: ToolVersion.nullable().default(null),
  policy_version: z.string().nullable().default(null),
  expires_at: EpochSeconds.nullable().default(null),
  preview_digest: z.string().nullable().default(null).meta({
    description: 'Of what its tool showed of the call, which was decided on as well.',
  }),
  decisions: z.array(Decision).default([]),
  break_glass: BreakGlass.nullable()
    .default(null)
    .meta({ description: 'Who approved it alone in an emergency; null: nobody did.' }),
  repeated: z.boolean().default(false).meta({
    description:
      'Published again because the run has resent its request: whoever knows the outcome publishes it again.',
  }),
  run_status: RunStatus.nullable()
    .default(null)
    .meta({ description: 'Status of the run, where this is published again: of a run that is over nothing begins.' }),
  run_began_at: EpochSeconds.nullable().default(null).meta({
    description:
      'Of what is published again and lets nothing be made, to a run that has heard otherwise before: when the run was requested. Whoever would make the call says what came of it.',
  }),
  signature: z.string().nullable().default(null).meta({ description: 'All of this as a compact JWS (EdDSA).' }),
});

const ofApproval = { ...call, status: ApprovalStatus };

export const ApprovalReminderDue = z.object({
  ...ofApproval,
  waiting_since: EpochSeconds,
  reminder_number: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .meta({ description: 'Counts the reminders of the approval.' }),
});

export const ApprovalEscalated = z.object({ ...ofApproval, groups: z.array(Id) });

export const ApprovalRejudged = z.object({
  ...ofApproval,
  policy: Ruling.nullable(),
  required_approvals: z.int().positive(),
  expires_at: EpochSeconds.nullable(),
});

export const ApprovalCommented = z.object({ ...ofApproval, comment: Comment });

const asked = { question_id: Id, user_id: Id.nullable(), requested_by: RequestedBy };

export const ApprovalQuestionAsked = z.object({
  ...ofApproval,
  ...asked,
  by: Id,
  at: EpochSeconds,
  text: QuestionText,
});

export const ApprovalQuestionAnswered = z.object({
  ...ofApproval,
  ...asked,
  answer: Answer.meta({ description: 'A quote of whoever gave it; unverified.' }),
});

export const ApprovalAnswerRequested = z.object({
  approval_id: Id,
  question_id: Id,
  text: QuestionText,
  token: z.string().max(10_000).optional().meta({
    description:
      'Who answers: a signed token for exactly this command, of POST /auth/tokens. Without one it is refused.',
  }),
});

export const ApprovalGlassBroken = z.object({
  ...ofApproval,
  break_glass: BreakGlass,
  approvals: z.int().nonnegative().meta({ description: 'How many had approved it by then.' }),
  required_approvals: z.int().positive(),
});

export const ApprovalGlassReviewed = z.object({ ...ofApproval, break_glass: BreakGlass, review: GlassReview });

export const ApprovalPreviewAsked = z.object({
  ...call,
  tool_args: CallArguments,
  tool_version: ToolVersion.nullable(),
  redact: z.array(z.string()).meta({ description: 'Arguments whose values are masked in what is shown.' }),
  salt: Salt,
  round: PreviewRound,
  answer_by: EpochSeconds.meta({ description: 'After this time nothing is run for it.' }),
  signature: z.string().nullable().default(null).meta({ description: 'All of this as a compact JWS (EdDSA).' }),
});

export const ApprovalPreviewed = z.object({ ...ofApproval, preview: Preview });

export const ApprovalDeleted = z.object(ofApproval);

export const ApprovalGrantCreated = z.object({
  run_id: Id,
  grant_id: Id,
  agent_id: Id,
  tool_name: Id,
  by: Id.nullable(),
  expires_at: EpochSeconds,
});

export const ApprovalGrantRevoked = z.object({ run_id: Id, grant_id: Id, by: Id.nullable() });
