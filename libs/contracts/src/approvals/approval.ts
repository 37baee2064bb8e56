import { z } from 'zod';
import { callDigest } from '../calls/digest.js';
import { BreakGlass, GlassReview, ReviewStatus } from '../break-glass/break-glass.js';
import { CallArguments } from '../calls/call-arguments.js';
import { Id, JsonObject, RequestedBy, Salt, stored } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';
import { GrantBasis } from './grant.js';
import { PossiblyExecuted } from './possibly-executed.js';
import { Preview } from '../previews/preview.js';
import { Presentation } from '../presentation/presentation.js';
import { Question } from '../questions/question.js';
import { RunStatus } from '../runs/run.js';
import { DecisionKind, plainRequireTerms, RequireTerms, Ruling } from './terms.js';
import {
  ApprovalType,
  PauseType,
  redactArguments,
  redactRequirement,
  Requirement,
  ToolAnnotations,
  ToolVersion,
} from '../calls/tool-call.js';

export const ApprovalStatus = z.enum(['pending', 'approved', 'rejected', 'expired', 'cancelled']);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

export const DecisionVerdict = z.enum(['approved', 'rejected']);
export type DecisionVerdict = z.infer<typeof DecisionVerdict>;

/** Whatever the characters, a decision must fit into a message of 1 MiB. */
const maxResolution = 200_000;

/** agno's `resolution_data`, with the keys that mean something here; other keys are kept as they are. */
export const ResolutionData = z
  .looseObject({
    note: z.string().max(10_000).optional().meta({ description: 'A reason. Passed to the model.' }),
    result: z
      .string()
      .max(100_000)
      .optional()
      .meta({ description: 'The work was already done by hand, and this came of it: nothing is executed.' }),
    values: CallArguments.optional().meta({
      description: 'The fields that a person filled in, required to approve a call that has such fields.',
    }),
    tool_args: CallArguments.optional().meta({
      description: 'Other arguments for the same tool, all of them; what is approved is a call with these.',
    }),
    grant: z
      .object({
        expires_in: z.int().positive().max(31_536_000),
        max_uses: z.int().positive().optional().meta({
          description: 'For so many calls; unset: for as many as the rule lets a grant be for.',
        }),
        arguments: CallArguments.optional().meta({
          description:
            'Some of the arguments of the approved call, where the rule allows grants for chosen ones: a call must have these, and may have others besides. Unset: exactly those of the approved call.',
        }),
      })
      .optional()
      .meta({ description: 'Lets the same agent call the same tool again without asking, for so many seconds.' }),
  })
  .refine((data) => JSON.stringify(data).length <= maxResolution, `at most ${maxResolution} characters of JSON`);
export type ResolutionData = z.infer<typeof ResolutionData>;

/** On what a decision rests; audit: its tool only wants a record of the call. */
export const DecisionBasis = z.enum(['people', 'rule', 'grant', 'audit']);
export type DecisionBasis = z.infer<typeof DecisionBasis>;

/** What is decided on. */
export const SeenDigest = z.string().min(1).max(200).meta({
  description:
    'The `digest` of the approval that the approver saw. When it has changed, nothing is decided: `call_changed`.',
});

/** What whoever approves a critical call has typed. */
export const TypedTarget = z.string().max(10_000).meta({
  description:
    'Of a critical call, required to approve it: its environment, or else what its title names first, or its tool, as it would run.',
});

/** One person's verdict. */
export const Decision = z.object({
  verdict: DecisionVerdict,
  by: Id.nullable(),
  at: EpochSeconds,
  note: z.string().nullable(),
  groups: z.array(z.string()).default([]).meta({ description: 'Groups of the person, at that time.' }),
  on_behalf_of: Id.nullable().default(null).meta({ description: 'In whose place, of a deputy. They count once.' }),
  delegation_id: Id.nullable().default(null).meta({ description: 'By which the deputy was named.' }),
});
export type Decision = z.infer<typeof Decision>;

/** A comment on an approval. */
export const Comment = z.object({ id: Id, by: Id.nullable(), at: EpochSeconds, text: z.string().min(1).max(10_000) });
export type Comment = z.infer<typeof Comment>;

/** The record of one tool call that asks for permission, as agno spells it; what is ours is added, never renamed. */
export const Approval = z
  .object({
    id: Id,
    run_id: Id,
    session_id: Id,
    status: ApprovalStatus,
    source_type: z.literal('agent'),
    approval_type: ApprovalType,
    pause_type: PauseType,
    tool_name: Id,
    tool_args: CallArguments,
    expires_at: EpochSeconds.nullable(),
    agent_id: Id,
    team_id: Id.nullable(),
    workflow_id: Id.nullable(),
    user_id: Id.nullable(),
    requested_by: RequestedBy,
    schedule_id: Id.nullable(),
    schedule_run_id: Id.nullable(),
    source_name: z.string(),
    requirements: z.array(Requirement),
    context: JsonObject,
    resolution_data: ResolutionData.nullable(),
    resolved_by: Id.nullable(),
    resolved_at: EpochSeconds.nullable(),
    run_status: RunStatus,
    tool_call_id: Id,
    digest: z.string().meta({ description: 'Of the current call: as requested, or as earlier approvers changed it.' }),
    salt: Salt,
    decisions: z.array(Decision),
    required_approvals: z.int().positive(),
    allowed_decisions: z.array(DecisionKind).default(plainRequireTerms.allowed_decisions),
    terms: RequireTerms.default(plainRequireTerms),
    policy: Ruling.nullable().default(null).meta({ description: 'The rules that decided on the terms.' }),
    rules_version: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'Digest of the rules that it was held against last.' }),
    shadow: Ruling.nullable().default(null).meta({ description: 'What the rules on trial would have decided.' }),
    tool_version: ToolVersion.nullable().default(null),
    annotations: ToolAnnotations.nullable().default(null),
    presentation: Presentation.nullable()
      .default(null)
      .meta({ description: 'How the call is shown, as its tool declared it when it was requested.' }),
    preview: Preview.nullable().default(null).meta({
      description: 'What its tool says the call would do; null: its tool says nothing.',
    }),
    parameters: JsonObject.nullable()
      .default(null)
      .meta({ description: 'The JSON Schema that edited arguments must fit.' }),
    approved_args: CallArguments.nullable()
      .default(null)
      .meta({ description: 'The approved arguments, when they differ from the requested ones.' }),
    grant_id: Id.nullable().default(null).meta({ description: 'The standing grant that approved it.' }),
    granted: GrantBasis.nullable().default(null).meta({ description: 'The same, as it was then.' }),
    possibly_executed: PossiblyExecuted.nullable().default(null),
    comments: z.array(Comment).default([]),
    questions: z.array(Question).default([]),
    break_glass: BreakGlass.nullable()
      .default(null)
      .meta({ description: 'Who approved it past the rest of the rule.' }),
    review: ReviewStatus.nullable().default(null).meta({ description: 'Of a broken glass; null: there is none.' }),
    reviewed: GlassReview.nullable().default(null).meta({ description: 'What closed the review.' }),
    remind_at: EpochSeconds.nullable().default(null),
    reminders: z.int().nonnegative().default(0).meta({ description: 'How many reminders there were.' }),
    escalate_at: EpochSeconds.nullable().default(null),
    escalated_at: EpochSeconds.nullable().default(null),
    signature: z.string().nullable().default(null).meta({ description: 'The resolution as a compact JWS.' }),
    deleted_at: EpochSeconds.nullable(),
    ...stored,
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

/** The digest of a record: of the call as it stands, with what it is bound to. */
export const approvalDigest = (approval: Approval): string =>
  callDigest({
    ...approval,
    tool_args: approval.approved_args ?? approval.tool_args,
    preview_digest: approval.preview?.digest,
    requester: approval.user_id,
    policy_version: approval.policy?.version ?? null,
  });

type Shown = Pick<Approval, 'salt' | 'requirements' | 'tool_args' | 'approved_args' | 'resolution_data'>;

/**
 * The approval without the values of the arguments that its tool declares as not for everybody's eyes.
 *
 * @param redact their names; default: as its requirements say
 */
export function redactApproval<A extends Shown>(
  approval: A,
  redact: readonly string[] = approval.requirements.flatMap(({ tool_execution }) => tool_execution.redact),
): A {
  const { requirements, tool_args, approved_args, resolution_data } = approval;
  if (redact.length === 0) return approval;
  const hide = (values: Record<string, unknown> | undefined) => values && redactArguments(values, redact);
  const values = hide(resolution_data?.values);
  const edited = hide(resolution_data?.tool_args);
  const grant = resolution_data?.grant;
  const granted = hide(grant?.arguments);
  return {
    ...approval,
    salt: null,
    tool_args: redactArguments(tool_args, redact),
    requirements: requirements.map(redactRequirement),
    approved_args: hide(approved_args ?? undefined) ?? null,
    resolution_data: resolution_data && {
      ...resolution_data,
      ...(values && { values }),
      ...(edited && { tool_args: edited }),
      ...(grant && granted && { grant: { ...grant, arguments: granted } }),
    },
  };
}
