import { JsonObject } from '@countersign/contracts';
import { Subject as GroupName } from '@countersign/contracts/auth';
import { ApprovalType, ToolAnnotations } from '@countersign/contracts/calls';
import { z } from 'zod';
import { Subject, When } from './condition/condition.js';
import { Duration, DurationOrNever } from '../schema/duration.js';
import { DecisionKind } from '@countersign/contracts/approvals';
import { AgentId, ToolName } from '../schema/tool.js';
import { annotationsOf } from '../schema/tool-annotations.js';

/** Who approves: the members of each group, or `from_token`. */
export const Groups = z
  .record(
    GroupName,
    z.union([z.array(Subject).min(1, 'has no members: add one, or use from_token'), z.literal('from_token')]),
  )
  .meta({
    description: 'Groups of approvers: their members, or from_token: membership by the groups claim of the token.',
  });
export type Groups = z.infer<typeof Groups>;

const count = z.int().min(1).max(100).default(1);

const Approver = z.union([
  z.strictObject({ group: GroupName, count }),
  z.strictObject({ anyone: z.literal(true), count }).transform(({ count }) => ({ group: null, count })),
]);

/** Calls that one grant lets through at most, whatever the file says: each of them is noted in it. */
const mostUses = 1_000;

const Grants = z.strictObject({
  max_duration: Duration.prefault('1h').meta({ description: 'How long a grant holds at most.' }),
  max_uses: z.int().min(1).max(mostUses).default(10).meta({ description: 'Calls that a grant lets through at most.' }),
  arguments: z.enum(['exact', 'chosen']).default('exact').meta({
    description:
      'exact: a grant covers calls with exactly the approved arguments. chosen: the approver may name those that must match, and leave the others open.',
  }),
});

/** What a call needs before it is approved, as the file says it. */
export const Require = z.strictObject({
  approvers: z
    .array(Approver)
    .min(1)
    .max(20)
    .prefault([{ anyone: true }])
    .meta({ description: 'All of these must be met, and each person counts once in all.' }),
  four_eyes: z.boolean().default(true).meta({
    description:
      'Neither the sender of the run nor the person it is for decides. A request with an unauthenticated sender is rejected.',
  }),
  on_rejection: z.enum(['end', 'continue']).default('end').meta({
    description:
      'end: any rejection ends it. continue: only when too few remain who could approve; one who rejected does not count.',
  }),
  reason: z
    .array(z.enum(['reject', 'approve']))
    .default([])
    .meta({ description: 'Decisions that need a reason.' }),
  allow: z
    .array(DecisionKind)
    .min(1)
    .default(['approve', 'reject', 'values', 'result'])
    .meta({
      description:
        'What a person may do: approve in any case; edit, values, result and grant say what may go with that. edit, which changes the arguments, only when it is named.',
      contains: { const: 'approve' },
    }),
  expires_in: DurationOrNever.prefault('never'),
  remind_after: Duration.optional().meta({ description: 'And again each time as much has passed.' }),
  escalate: z
    .strictObject({ after: Duration, to: z.array(GroupName).min(1) })
    .optional()
    .meta({ description: 'When members of further groups may decide as well, and count in place of any approver.' }),
  break_glass: z.array(GroupName).min(1).optional().meta({
    description:
      'A member of these groups, who did not request the call, may approve it alone in an emergency, with a reason. Every channel is alarmed, and somebody else reviews it.',
  }),
  deputies: z.array(GroupName).min(1).optional().meta({
    description:
      'A member of these groups may decide in place of a member of a group above whose members are listed, who has named them for a while. Unset: nobody.',
  }),
  grant: Grants.prefault({}).meta({ description: 'How far a grant goes, where allow names grant.' }),
});
export type Require = z.infer<typeof Require>;

/** What becomes of a call. */
export type Then = { require: Require } | { approve: true } | { reject: string };

export const Then = z
  .strictObject({
    require: Require.optional().meta({ description: 'People approve it.' }),
    approve: z.literal(true).optional().meta({ description: 'Automatically; it is recorded.' }),
    reject: z
      .string()
      .min(1)
      .max(1_000)
      .optional()
      .meta({ description: 'Automatically; this reason is passed to the model.' }),
  })
  .refine((then) => Object.keys(then).length === 1, 'must say one of require, approve and reject')
  .meta({ id: 'Then', minProperties: 1, maxProperties: 1 })
  .transform((then) => then as Then);

export const Rule = z
  .strictObject({ name: z.string().min(1).max(200), when: When, then: Then })
  .refine(({ when, then }) => !('approve' in then) || Object.values(when).some((value) => value !== undefined), {
    path: ['when'],
    error: 'is empty, so this would approve every call: name the calls, or say it under default',
  });
export type Rule = z.infer<typeof Rule>;

export const Policies = z.strictObject({
  rules: z.array(Rule).default([]).meta({ description: 'The first that matches a call counts.' }),
  default: Then.prefault({ require: {} }).meta({
    description: 'What becomes of other calls of tools with approval: required. Those with audit are approved.',
  }),
});
export type Policies = z.infer<typeof Policies>;

export const PolicyTest = z.strictObject({
  name: z.string().min(1).max(200),
  call: z.strictObject({
    agent: AgentId,
    tool: ToolName,
    requester: Subject.nullable().prefault(null),
    arguments: JsonObject.default({}),
    annotations: ToolAnnotations.partial()
      .required({ server: true })
      .strict()
      .transform(({ server, ...said }) => annotationsOf(server, said))
      .optional()
      .meta({ description: 'What the MCP server of the tool says of it. Unset: nothing is known.' }),
    approval: ApprovalType.optional().meta({
      description: "The tool's own. Unset: as this file declares it, else required.",
    }),
  }),
  expect: z.strictObject({
    outcome: z.enum(['require', 'approve', 'reject']),
    rule: z.string().nullable().optional().meta({ description: 'The rule that decides; null for the default.' }),
    approvals: z.int().positive().optional().meta({ description: 'How many people have to approve.' }),
  }),
});
export type PolicyTest = z.infer<typeof PolicyTest>;

/** What `countersign.yaml` says about who approves what. */
export const policyFields = {
  groups: Groups.prefault({}),
  policies: Policies.prefault({}),
  shadow: Policies.optional().meta({ description: 'Evaluated on every call and recorded; decides nothing.' }),
  policy_tests: z.array(PolicyTest).prefault([]).meta({ description: 'Cases for `countersign policy test`.' }),
};
