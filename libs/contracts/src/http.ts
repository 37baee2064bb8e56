import { z } from 'zod';
import { Approval, ApprovalStatus, ResolutionData, Verdict } from './approval.js';
import { catalogue } from './catalogue.js';
import { Execution, ExecutionStatus } from './execution.js';
import { Id } from './fields.js';
import { RunOutput, RunStatus } from './run.js';
import { ApprovalType, PauseType } from './tool-call.js';

/** RFC 9457. `detail` says what to do about it. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
};

const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    data: z.array(item),
    meta: z.object({
      page: z.int(),
      limit: z.int(),
      total_pages: z.int(),
      total_count: z.int(),
    }),
  });

const RunStatusList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(RunStatus));

export const StartRunRequest = catalogue['run.requested'].schema.pick({ input: true, session_id: true, user_id: true });
export const StartRunHeaders = z.looseObject({ 'idempotency-key': Id.optional() });
export const GetRunQuery = z.object({
  wait_for: RunStatusList.optional().meta({ description: 'Answer once the run has one of these statuses.' }),
  timeout: z.coerce.number().min(0).max(60).default(20).meta({ description: 'Seconds to wait at the most.' }),
});
export const ListRunsQuery = z.object({
  status: RunStatus.optional(),
  agent_id: Id.optional(),
  session_id: Id.optional(),
  user_id: Id.optional(),
  ...pageQuery,
});
export const RunPage = pageOf(RunOutput);
export const CancelRunRequest = catalogue['run.cancel_requested'].schema.pick({ reason: true });

export const ListApprovalsQuery = z.object({
  status: ApprovalStatus.optional(),
  source_type: z.string().optional(),
  approval_type: ApprovalType.optional(),
  pause_type: PauseType.optional(),
  agent_id: Id.optional(),
  team_id: Id.optional(),
  workflow_id: Id.optional(),
  user_id: Id.optional(),
  schedule_id: Id.optional(),
  run_id: Id.optional(),
  ...pageQuery,
});
export const ApprovalPage = pageOf(Approval);
export const CountApprovalsQuery = z.object({ user_id: Id.optional() });
export const ApprovalCount = z.object({ count: z.int() });
export const ApprovalStatusView = z.object({
  approval_id: Id,
  status: ApprovalStatus,
  run_id: Id,
  resolved_at: z.int().nullable(),
  resolved_by: Id.nullable(),
});
export const ResolveApprovalRequest = z.object({
  status: Verdict,
  resolved_by: Id.optional(),
  resolution_data: ResolutionData.nullish(),
});

export const ListExecutionsQuery = z.object({
  status: ExecutionStatus.optional(),
  tool_name: Id.optional(),
  run_id: Id.optional(),
  ...pageQuery,
});
export const ExecutionPage = pageOf(Execution);
export const SettleExecutionRequest = z.object({
  outcome: z.enum(['succeeded', 'failed']),
  note: z.string().min(1).max(10_000).meta({ description: 'What was found, and by whom. The model is told.' }),
});
