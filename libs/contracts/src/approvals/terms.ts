import { z } from 'zod';
import { Id } from '../fields/fields.js';

/** What a person may do with a pending approval; `result` says that the work was already done by hand. */
export const DecisionKind = z.enum(['approve', 'reject', 'edit', 'values', 'result', 'grant']);
export type DecisionKind = z.infer<typeof DecisionKind>;

const members = z.array(Id).nullable().meta({
  description: 'Who is in the group. null: members by token; with no group, everybody.',
});

/** How far people who approve a call may approve calls to come as well. */
export const GrantTerms = z.object({
  max_duration: z.int().positive().meta({ description: 'Seconds that a grant holds at most.' }),
  max_uses: z.int().positive().meta({ description: 'Calls that a grant lets through at most.' }),
  arguments: z.enum(['exact', 'chosen']).meta({
    description:
      'exact: calls with exactly the approved arguments. chosen: the approver may name those that must match, and leave the others open.',
  }),
});
export type GrantTerms = z.infer<typeof GrantTerms>;

/** Where a rule allows grants without terms. */
export const plainGrantTerms: GrantTerms = { max_duration: 3_600, max_uses: 10, arguments: 'exact' };

/** What has to happen before a call is approved: plain data that needs nothing else to be understood. */
export const RequireTerms = z.object({
  approvers: z
    .array(
      z.object({ group: Id.nullable().meta({ description: 'null: anyone.' }), count: z.int().positive(), members }),
    )
    .min(1)
    .meta({ description: 'All of these must be met, and each person counts once in all.' }),
  four_eyes: z.boolean().meta({ description: 'The requester does not decide on the call.' }),
  on_rejection: z.enum(['end', 'continue']),
  reason_required: z.array(z.enum(['approve', 'reject'])),
  allowed_decisions: z.array(DecisionKind),
  expires_in: z.int().positive().nullable().meta({ description: 'Seconds; null for never.' }),
  remind_every: z.int().positive().nullable().meta({ description: 'Seconds; null for no reminders.' }),
  escalate_after: z.int().positive().nullable().meta({ description: 'Seconds; null for never.' }),
  escalate_to: z
    .array(z.object({ group: Id, members }))
    .meta({ description: 'Members of these may then decide as well, and count in place of any approver.' }),
  break_glass: z
    .array(z.object({ group: Id, members }))
    .default([])
    .meta({
      description:
        'A member of these, who did not request the call, may approve it alone in an emergency; reviewed later.',
    }),
  deputies: z
    .array(z.object({ group: Id, members }))
    .default([])
    .meta({
      description:
        'A member of these may decide in place of a listed member of a group, who has named them for a while.',
    }),
  grant: GrantTerms.default(plainGrantTerms).meta({
    description: 'How far a grant may go, where allowed_decisions has it.',
  }),
});
export type RequireTerms = z.infer<typeof RequireTerms>;

/** Without any rules: one approval by anybody who may, and no time limit. */
export const plainRequireTerms: RequireTerms = {
  approvers: [{ group: null, count: 1, members: null }],
  four_eyes: true,
  on_rejection: 'end',
  reason_required: [],
  allowed_decisions: ['approve', 'reject', 'values', 'result'],
  expires_in: null,
  remind_every: null,
  escalate_after: null,
  escalate_to: [],
  break_glass: [],
  deputies: [],
  grant: plainGrantTerms,
};

/** What a set of rules says of a call. */
export const Ruling = z.object({
  version: z.string().meta({ description: 'Digest of the rules.' }),
  rule: z.string().nullable().meta({ description: 'The first that matched.' }),
  outcome: z.enum(['require', 'approve', 'reject']),
  saw: z
    .array(z.object({ path: z.string(), value: z.unknown() }))
    .default([])
    .meta({
      description:
        'The arguments that the rule compared, as it compared them; long texts are cut, and redacted ones not shown.',
    }),
});
export type Ruling = z.infer<typeof Ruling>;
