import { z } from 'zod';
import { EpochSeconds, Id, JsonObject, Lease, stored } from './fields.js';
import { redactArguments } from './tool-call.js';

export const ExecutionStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'outcome_unknown', 'cancelled']);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** One start of the work. */
export const Attempt = z.object({
  attempt: z.int().positive(),
  worker: Id,
  started_at: EpochSeconds,
  ended_at: EpochSeconds.nullable(),
  outcome: z.enum(['succeeded', 'failed', 'outcome_unknown']).nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

/** The execution of one approved call; its id is the approval's. */
export const Execution = z
  .object({
    id: Id,
    run_id: Id,
    tool_call_id: Id,
    tool_name: Id,
    tool_args: JsonObject,
    redact: z.array(z.string()).default([]).meta({ description: 'Arguments that lists do not show.' }),
    digest: z.string(),
    approved_by: Id.nullable(),
    requester: Id.nullable().default(null).meta({ description: 'The user for whom the run asked.' }),
    status: ExecutionStatus,
    attempts: z.array(Attempt),
    result: z.string().nullable(),
    error: z.string().nullable(),
    note: z.string().nullable().meta({ description: 'What the person said who settled an unknown outcome.' }),
    lease: Lease.nullable(),
    ...stored,
  })
  .meta({ id: 'Execution' });
export type Execution = z.infer<typeof Execution>;

/** The execution as lists show it. */
export const redactExecution = (execution: Execution): Execution => ({
  ...execution,
  tool_args: redactArguments(execution.tool_args, execution.redact),
});
