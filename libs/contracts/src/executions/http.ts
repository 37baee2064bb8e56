import { z } from 'zod';
import { catalogue } from '../events/catalogue.js';
import { Execution, ExecutionStatus } from './execution.js';
import { Id } from '../fields/fields.js';
import { IdList } from '../fields/list.js';
import { EpochSeconds } from '../time/epoch.js';
import { pageOf, pageQuery } from '../fields/page.js';

export const ListExecutionsQuery = z.object({
  status: ExecutionStatus.optional(),
  tool_name: Id.optional(),
  run_id: Id.optional(),
  run_ids: IdList.optional(),
  ...pageQuery,
});
export const ExecutionPage = pageOf(Execution);
const note = z.string().trim().min(1).max(10_000);
export const ResolveUnknownRequest = z.object({
  outcome: z.enum(['succeeded', 'failed']),
  note: note.meta({ description: 'What was found, and how. Passed to the model.' }),
});
export const RetryExecutionRequest = z.object({
  note,
  even_if_done: z.boolean().default(false).meta({
    description: 'Start a call again that may have been made already, though its tool promises at most one start.',
  }),
});
export const CancelExecutionRequest = z.object({ reason: note });
export const ReportExecutionRequest = z.object({
  outcome: z.enum(['succeeded', 'failed']),
  result: z.string().trim().min(1).max(100_000).meta({ description: 'Result (passed to the model)' }),
});
/** Beginning a call that the external agent makes that asked for it, and saying that it goes on. */
export const ClaimExecutionRequest = catalogue['tool.claim_requested'].schema.pick({ claim: true });
export type ClaimExecutionRequest = z.infer<typeof ClaimExecutionRequest>;
export const ReportOutcomeRequest = catalogue['tool.report_requested'].schema.pick({
  claim: true,
  digest: true,
  outcome: true,
  result: true,
});
export type ReportOutcomeRequest = z.infer<typeof ReportOutcomeRequest>;
/** What a call has printed, as far as it was kept. */
export const ExecutionOutput = z.object({
  execution_id: Id,
  attempt: z.int().nonnegative(),
  text: z.string(),
  total_characters: z.int().nonnegative(),
  complete: z.boolean().meta({ description: 'False while more may come, or when some of it was not kept.' }),
});
export type ExecutionOutput = z.infer<typeof ExecutionOutput>;
export const ExecutionOutputQuery = z.object({
  attempt: z.coerce.number().int().positive().optional().meta({ description: 'Unset: the last one.' }),
});
export const PauseRequest = catalogue['tool.pause_requested'].schema.pick({ tool_name: true, reason: true });
export const ResumeRequest = catalogue['tool.resume_requested'].schema.pick({ tool_name: true });
/** A kill switch: while it is on, no call of the tool (null: of any) is started. */
export const Switch = z
  .object({
    tool_name: Id.nullable(),
    paused: z.boolean(),
    reason: z.string().nullable(),
    by: Id.nullable(),
    updated_at: EpochSeconds,
  })
  .meta({ id: 'Switch' });
export type Switch = z.infer<typeof Switch>;
export const Switches = z.object({ data: z.array(Switch) });
