import { z } from 'zod';
import { CallArguments } from '../calls/call-arguments.js';
import { Id, Lease, QueueOwner, RequestedBy, Salt, stored } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';
import { redactArguments, ToolVersion } from '../calls/tool-call.js';

export const ExecutionStatus = z
  .enum(['queued', 'running', 'awaiting_report', 'reconciling', 'succeeded', 'failed', 'outcome_unknown', 'cancelled'])
  .meta({
    description:
      'awaiting_report: a person makes the call and reports the outcome. reconciling: its worker is gone, and the target is queried. outcome_unknown: a person must reconcile it.',
  });
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** Who makes a call: a worker of the executor; a person, or the external agent that asked, who then report it. */
export const MadeBy = z.enum(['worker', 'person', 'caller']);

/** Why it failed, where programs have to know. */
export const ExecutionErrorCode = z.enum(['preview_changed']).meta({
  description: 'preview_changed: its preview shows something else than what was approved, so the call was not made.',
});
export type ExecutionErrorCode = z.infer<typeof ExecutionErrorCode>;

/** One start of the work. Its number is the fencing token: what an earlier attempt still says is refused. */
export const Attempt = z.object({
  attempt: z.int().positive(),
  made_by: MadeBy.default('worker'),
  worker: Id.nullable().meta({ description: 'null when a person makes the call.' }),
  reported_by: Id.nullable()
    .default(null)
    .meta({ description: 'Who made the call elsewhere and reports its outcome: a person, or an external agent.' }),
  started_at: EpochSeconds,
  ended_at: EpochSeconds.nullable(),
  outcome: z.enum(['succeeded', 'failed', 'outcome_unknown']).nullable(),
  begun: z.boolean().default(true).meta({
    description: 'false: its worker had it and did not begin, so it counts as no start.',
  }),
  reason: z.string().nullable().default(null).meta({ description: 'Why it failed, or why its outcome is unknown.' }),
  late_report: z.string().nullable().default(null).meta({
    description: 'What the worker reported after it had lost the attempt. Informational only.',
  }),
});
export type Attempt = z.infer<typeof Attempt>;

/** How an execution is made, as the executor's tools defined when it accepted the call. */
export const ExecutionTerms = z.object({
  semantics: z.enum(['at_most_once', 'idempotent']).meta({
    description:
      'at_most_once: a start with unknown outcome is never retried, unless a person requests it. idempotent: the same call is retried with the same key.',
  }),
  max_attempts: z.int().positive(),
  retry: z.object({ first_ms: z.int().positive(), longest_ms: z.int().positive() }),
  made_by: MadeBy,
  can_reconcile: z.boolean().meta({ description: 'The target can be queried for the outcome of a call.' }),
  not_before: EpochSeconds.nullable().meta({ description: 'The wait after the approval is over then.' }),
  start_by: EpochSeconds.nullable().meta({ description: 'What has not begun then is not begun any more.' }),
});
export type ExecutionTerms = z.infer<typeof ExecutionTerms>;

/** As calls were made before there were terms. */
const plainExecutionTerms: ExecutionTerms = {
  semantics: 'at_most_once',
  max_attempts: 1,
  retry: { first_ms: 1_000, longest_ms: 60_000 },
  made_by: 'worker',
  can_reconcile: false,
  not_before: null,
  start_by: null,
};

/** What keeps a call from beginning. */
export const HeldBy = z.object({
  code: z.enum(['kill_switch', 'wait', 'change_window', 'concurrency_key', 'retry', 'tool_unavailable', 'caller']),
  detail: z.string().meta({ description: 'For people: which execution has the key, who turned the switch, and why.' }),
  until: EpochSeconds.nullable().meta({ description: 'null: unknown.' }),
});
export type HeldBy = z.infer<typeof HeldBy>;

const PersonNote = z.object({ by: Id.nullable(), at: EpochSeconds, note: z.string().nullable() });

/** The execution of one approved call; its id is the approval's. */
export const Execution = z
  .object({
    id: Id,
    approval_id: Id.meta({ description: 'Of a refused decision the execution has an id of its own.' }),
    run_id: Id,
    tool_call_id: Id,
    tool_name: Id,
    tool_args: CallArguments,
    redact: z.array(z.string()).default([]).meta({ description: 'Arguments that lists do not show.' }),
    tool_version: ToolVersion.nullable().default(null),
    digest: z.string(),
    salt: Salt,
    preview_digest: z.string().nullable().default(null).meta({
      description: 'Of what its tool showed of the call when it was approved.',
    }),
    decision: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'The signed decision that it is made by (JWS).' }),
    approved_by: Id.nullable(),
    decided_at: EpochSeconds.nullable().default(null).meta({ description: 'When it was decided.' }),
    requester: Id.nullable().default(null).meta({ description: 'The user for whom the run requested it.' }),
    requested_by: RequestedBy,
    policy_version: z.string().nullable().default(null),
    expires_at: EpochSeconds.nullable().default(null).meta({
      description: 'Until when it could be decided; the digest covers it.',
    }),
    terms: ExecutionTerms.default(plainExecutionTerms),
    concurrency_key: z.string().nullable().default(null).meta({
      description: 'Of all executions with the same key one is made at a time.',
    }),
    status: ExecutionStatus,
    held_by: HeldBy.nullable().default(null).meta({ description: 'Why a queued one has not begun.' }),
    attempts: z.array(Attempt),
    progress: z
      .object({ percent: z.number().min(0).max(100).nullable(), message: z.string().nullable() })
      .nullable()
      .default(null),
    result: z.string().nullable(),
    error: z.string().nullable(),
    error_code: ExecutionErrorCode.nullable().default(null),
    note: z.string().nullable().meta({ description: 'Note of the person who resolved an unknown outcome.' }),
    retried_at: EpochSeconds.nullable().default(null).meta({
      description: 'When a person last wanted it started again after an unknown outcome.',
    }),
    reconciled: PersonNote.nullable().default(null).meta({
      description: 'Who reconciled a start with unknown outcome; by null: the target reported it.',
    }),
    cancel: PersonNote.nullable().default(null).meta({ description: 'Who requested the cancellation.' }),
    withdrawn: z.string().nullable().default(null).meta({
      description: 'Its run was over before it was: what has begun goes on, and no other attempt follows.',
    }),
    lease: Lease.nullable(),
    queue_owner: QueueOwner,
    ...stored,
  })
  .meta({ id: 'Execution' });
export type Execution = z.infer<typeof Execution>;

/** The execution as lists show it. */
export const redactExecution = (execution: Execution): Execution => ({
  ...execution,
  ...(execution.redact.length > 0 && { salt: null }),
  tool_args: redactArguments(execution.tool_args, execution.redact),
});
