import { z } from 'zod';
import { Approval, ApprovalStatus, ResolutionData, SeenDigest, DecisionVerdict, TypedTarget } from './approval.js';
import { Id } from '../fields/fields.js';
import { IdList } from '../fields/list.js';
import { Grant } from './grant.js';
import { BreakGlassReason, ReviewStatus } from '../break-glass/break-glass.js';
import { Hint } from '../problems/hints.js';
import { pageOf, pageQuery } from '../fields/page.js';
import { Subject } from '../auth/subject.js';
import { ApprovalType, PauseType } from '../calls/tool-call.js';

/** When the last record of a page was made, and how many of that second have been seen. */
const Cursor = z
  .string()
  .regex(/^\d{1,12}\.\d{1,7}$/, 'must be a next_cursor')
  .transform((text) => text.split('.').map(Number) as [created_at: number, seen: number]);

const ApprovalsQuery = z.object({
  status: ApprovalStatus.optional(),
  source_type: z.string().optional(),
  approval_type: ApprovalType.optional(),
  pause_type: PauseType.optional(),
  review: ReviewStatus.optional(),
  agent_id: Id.optional(),
  team_id: Id.optional(),
  workflow_id: Id.optional(),
  user_id: Subject.optional(),
  schedule_id: Id.optional(),
  run_id: Id.optional(),
  run_ids: IdList.optional(),
  tool_name: Id.optional(),
  resolved_by: Subject.optional(),
  created_after: z.coerce.number().int().nonnegative().optional().meta({ description: 'Seconds since 1970.' }),
  created_before: z.coerce.number().int().nonnegative().optional().meta({ description: 'Seconds since 1970.' }),
  expires_before: z.coerce.number().int().nonnegative().optional().meta({
    description: 'Seconds since 1970. What never expires is not among them.',
  }),
  text: z.string().trim().min(1).max(200).optional().meta({
    description:
      'Words that must all occur in requester, request, tool and arguments (without redacted ones), ignoring case.',
  }),
  sort_by: z.enum(['created_at', 'updated_at', 'expires_at']).default('created_at'),
  sort_order: z.enum(['asc', 'desc']).default('desc'),
  cursor: Cursor.optional().meta({
    description:
      '`meta.next_cursor` of the page before, newest first: what is new meanwhile shifts nothing. In place of page and sort.',
  }),
  ...pageQuery,
});
export const ListApprovalsQuery = ApprovalsQuery.refine(({ text, cursor }) => text === undefined || !cursor, {
  path: ['cursor'],
  message: 'a search has pages by number: leave the cursor out',
});
const onePage = pageOf(Approval);
export const ApprovalPage = onePage.extend({
  meta: onePage.shape.meta.extend({ next_cursor: z.string().nullable() }),
});
export const CountApprovalsQuery = z.object({ user_id: Subject.optional() });
export const ApprovalCount = z.object({ count: z.int() });
export const ApprovalStatusView = z.object({
  approval_id: Id,
  status: ApprovalStatus,
  run_id: Id,
  resolved_at: z.int().nullable(),
  resolved_by: Id.nullable(),
});
/** No other keys: whoever writes `tool_args` beside `resolution_data` would approve what they meant to change. */
export const ResolveApprovalRequest = z.strictObject({
  status: DecisionVerdict,
  resolved_by: Id.optional(),
  resolution_data: ResolutionData.nullish(),
  digest: SeenDigest.optional(),
  target: TypedTarget.optional(),
});

/** All of it is required: what is done in a hurry is done on exactly what was seen. */
export const BreakGlassRequest = z.strictObject({
  reason: BreakGlassReason,
  digest: SeenDigest,
  target: TypedTarget.optional(),
});

export const BulkResolveRequest = z
  .strictObject({
    ids: z.array(Id).min(1).max(500).meta({ description: 'Each approval by its id; there is no way to say "all".' }),
    status: DecisionVerdict,
    resolution_data: ResolutionData.nullish(),
    digests: z
      .record(Id, SeenDigest)
      .optional()
      .meta({ description: 'By id, one for each of `ids`: the digest that the approver saw.' }),
  })
  .refine(({ ids, digests }) => digests === undefined || isSame(new Set(ids), new Set(Object.keys(digests))), {
    path: ['digests'],
    message: 'must have one for each of ids, and no other',
  });
const isSame = (some: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
  some.size === others.size && [...some].every((each) => others.has(each));
const BulkResult = z.object({
  id: Id,
  status: z.int().meta({ description: 'What resolving it alone would have been answered with.' }),
  detail: z.string(),
  code: z.string().nullable().default(null).meta({ description: 'As in a problem: stable, for programs.' }),
  hint: Hint.nullable().default(null).meta({ description: 'As in a problem: what to do about it.' }),
});
export type BulkResult = z.infer<typeof BulkResult>;
export const BulkResolveOutcome = z.object({ results: z.array(BulkResult) });
export const CommentRequest = z.object({ text: z.string().trim().min(1).max(10_000) });
export const ListGrantsQuery = z.object({ agent_id: Id.optional(), tool_name: Id.optional(), ...pageQuery });
export const GrantPage = pageOf(Grant);

/** How approvals went lately; what only requests sees its own. */
export const ApprovalStatsQuery = z.object({
  days: z.coerce.number().int().min(1).max(90).default(14).meta({ description: 'Of how many days, today included.' }),
});
export const ApprovalStats = z
  .object({
    pending: z
      .array(
        z.object({
          older_than: z.int().nonnegative().meta({ description: 'Seconds that they have waited at least.' }),
          count: z.int().nonnegative(),
        }),
      )
      .meta({ description: 'How many wait, by age: each is counted once, in the oldest group that it is in.' }),
    days: z.array(
      z.object({
        date: z.iso.date().meta({ description: 'A day in UTC.' }),
        approved: z.int().nonnegative(),
        rejected: z.int().nonnegative(),
        expired: z.int().nonnegative(),
        cancelled: z.int().nonnegative(),
      }),
    ),
    seconds_to_decision: z
      .object({ median: z.number(), p90: z.number(), decided: z.int().nonnegative() })
      .nullable()
      .meta({ description: 'Of the latest decisions by people, at most 1000; null: there is none.' }),
  })
  .meta({ id: 'ApprovalStats' });
export type ApprovalStats = z.infer<typeof ApprovalStats>;
