import { z } from 'zod';
import { Approval, ApprovalStatus, ResolutionData, Verdict } from './approval.js';
import { catalogue, eventNames } from './catalogue.js';
import { Execution, ExecutionStatus } from './execution.js';
import { EpochSeconds, Id, JsonObject, stored } from './fields.js';
import { Grant } from './grant.js';
import { RunOutput, RunStatus } from './run.js';
import { SessionOutput } from './session.js';
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

/** When the last record of a page was made, and how many of that second have been seen. */
const Cursor = z
  .string()
  .regex(/^\d{1,12}\.\d{1,7}$/, 'must be a next_cursor')
  .transform((text) => text.split('.').map(Number) as [created_at: number, seen: number]);

const RunStatusList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(RunStatus));

/** A form has text where JSON has a value. */
const flag = z.union([z.boolean(), z.stringbool()]);
const inForm = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (typeof value === 'string' && value !== '' ? parsed(value) : value || undefined), schema);
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const command = catalogue['run.requested'].schema;
/** As JSON, or as a form (agno's clients send one, with `message`). */
export const StartRunRequest = command
  .pick({ session_id: true, user_id: true })
  .extend({
    input: command.shape.input.optional(),
    message: command.shape.input.optional().meta({ description: "agno's name for `input`." }),
    deadline_in: inForm(command.shape.deadline_in),
    stream: flag.optional().meta({
      description:
        'Whether to answer with the events of the run, until it is paused or over. In a form, `false` waits for that.',
    }),
  })
  .refine(({ input, message }) => (input ?? message) !== undefined, {
    error: 'say what the agent is to do',
    path: ['input'],
  });
export const StartRunQuery = z.object({
  stream: flag.optional().meta({ description: 'Answer with the events of the run, through its pauses, to its end.' }),
});

/** A call as whoever continues the run has resolved it; agno's clients send all they know of it. */
const ResolvedCall = z.looseObject({
  tool_call_id: Id,
  confirmed: z.boolean().nullish(),
  confirmation_note: z.string().max(10_000).nullish(),
  result: z.string().max(100_000).nullish(),
  user_input_schema: z.array(z.looseObject({ name: z.string(), value: z.unknown() })).nullish(),
});
const ResolvedRequirement = z.looseObject({
  id: Id.optional(),
  confirmation: z.boolean().nullish(),
  confirmation_note: z.string().max(10_000).nullish(),
  external_execution_result: z.string().max(100_000).nullish(),
  user_input_schema: ResolvedCall.shape.user_input_schema,
  tool_execution: ResolvedCall.nullish(),
});
export const ContinueRunRequest = z.object({
  tools: inForm(z.array(ResolvedCall).max(1_000).optional()),
  requirements: inForm(z.array(ResolvedRequirement).max(1_000).optional()),
  stream: flag.optional(),
});
export type ContinueRunRequest = z.infer<typeof ContinueRunRequest>;

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

/** An agent, in agno's shape. */
export const AgentOutput = z
  .object({
    id: Id,
    name: z.string(),
    description: z.string().nullable(),
    model: z.object({ name: z.string(), model: z.string(), provider: z.string() }),
    tools: z.array(
      z.object({ name: Id, description: z.string(), approval: z.string(), requires: z.string().nullable() }),
    ),
    version: z.string().meta({ description: 'Digest of the definition; runs that start now keep it.' }),
  })
  .meta({ id: 'Agent' });
export type AgentOutput = z.infer<typeof AgentOutput>;

export const ListSessionsQuery = z.object({
  type: z.enum(['agent', 'team', 'workflow']).optional(),
  component_id: Id.optional().meta({ description: 'The id of an agent.' }),
  user_id: Id.optional(),
  session_name: z.string().optional(),
  sort_by: z.enum(['created_at', 'updated_at']).default('created_at'),
  sort_order: z.enum(['asc', 'desc']).default('desc'),
  ...pageQuery,
  limit: pageQuery.limit.default(20),
});
export const SessionPage = pageOf(SessionOutput);
export const SessionRunsQuery = z.object({
  type: ListSessionsQuery.shape.type,
  user_id: Id.optional(),
  status: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().map((each) => each.toUpperCase()))
    .pipe(z.array(RunStatus))
    .optional(),
  created_after: z.coerce.number().optional(),
  created_before: z.coerce.number().optional(),
});
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
  tool_name: Id.optional(),
  resolved_by: Id.optional(),
  created_after: z.coerce.number().int().nonnegative().optional().meta({ description: 'Seconds since 1970.' }),
  created_before: z.coerce.number().int().nonnegative().optional().meta({ description: 'Seconds since 1970.' }),
  expires_before: z.coerce.number().int().nonnegative().optional().meta({
    description: 'Seconds since 1970. What never expires is not among them.',
  }),
  text: z.string().trim().min(1).max(200).optional().meta({
    description:
      'Words that must all occur in who asks, what for, the tool and its arguments (without redacted ones), in any case.',
  }),
  sort_by: z.enum(['created_at', 'updated_at', 'expires_at']).default('created_at'),
  sort_order: z.enum(['asc', 'desc']).default('desc'),
  cursor: Cursor.optional().meta({
    description:
      '`meta.next_cursor` of the page before, newest first: what is new meanwhile shifts nothing. In place of page and sort.',
  }),
  ...pageQuery,
});
const onePage = pageOf(Approval);
export const ApprovalPage = onePage.extend({
  meta: onePage.shape.meta.extend({ next_cursor: z.string().nullable() }),
});
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

export const BulkResolveRequest = z.object({
  ids: z.array(Id).min(1).max(500).meta({ description: 'Each approval by its id; there is no way to say "all".' }),
  status: Verdict,
  resolution_data: ResolutionData.nullish(),
});
const BulkResult = z.object({
  id: Id,
  status: z.int().meta({ description: 'What resolving it alone would have been answered with.' }),
  detail: z.string(),
});
export type BulkResult = z.infer<typeof BulkResult>;
export const BulkResolveOutcome = z.object({ results: z.array(BulkResult) });
export const CommentRequest = z.object({ text: z.string().trim().min(1).max(10_000) });
export const ListGrantsQuery = z.object({ agent_id: Id.optional(), tool_name: Id.optional(), ...pageQuery });
export const GrantPage = pageOf(Grant);

export const ListExecutionsQuery = z.object({
  status: ExecutionStatus.optional(),
  tool_name: Id.optional(),
  run_id: Id.optional(),
  ...pageQuery,
});
export const ExecutionPage = pageOf(Execution);
const note = z.string().trim().min(1).max(10_000);
export const SettleExecutionRequest = z.object({
  outcome: z.enum(['succeeded', 'failed']),
  note: note.meta({ description: 'What was found, and how. The model is told.' }),
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
  result: z.string().trim().min(1).max(100_000).meta({ description: 'What came of it. The model is told.' }),
});
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
export const PauseRequest = catalogue['tool.pause_requested'].schema.omit({ token: true });
export const ResumeRequest = catalogue['tool.resume_requested'].schema.omit({ token: true });
/** A kill switch: while it is on, no call of the tool (null: of any) is started. */
export const Switch = z
  .object({
    tool_name: Id.nullable(),
    paused: z.boolean(),
    reason: z.string().nullable(),
    by: Id.nullable(),
    updated_at: z.int(),
  })
  .meta({ id: 'Switch' });
export type Switch = z.infer<typeof Switch>;
export const Switches = z.object({ data: z.array(Switch) });

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
      .meta({ description: 'Of what people decided lately, the newest thousand at the most; null: nothing.' }),
  })
  .meta({ id: 'ApprovalStats' });
export type ApprovalStats = z.infer<typeof ApprovalStats>;

const EventNameList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(eventNames)));
/** An event of the log as whoever looks on sees it: declared arguments are hidden, and no signature is shown. */
export const LoggedEvent = z
  .object({
    id: z.string(),
    type: z.enum(eventNames),
    source: z.string(),
    subject: z.string(),
    time: z.string(),
    run_id: Id.nullable(),
    data: JsonObject,
  })
  .meta({ id: 'LoggedEvent' });
export type LoggedEvent = z.infer<typeof LoggedEvent>;
export const ListEventsQuery = z.object({
  type: EventNameList.optional().meta({ description: 'Names of events, separated by commas.' }),
  run_id: Id.optional(),
  limit: pageQuery.limit,
});
export const FollowEventsQuery = ListEventsQuery.pick({ type: true, run_id: true });
export const EventList = z.object({ data: z.array(LoggedEvent) });

/** A message that a group could not handle, and what became of it. */
export const DeadLetterStatus = z.enum(['open', 'replayed', 'discarded']);
export type DeadLetterStatus = z.infer<typeof DeadLetterStatus>;
export const DeadLetter = z
  .object({
    id: Id,
    status: DeadLetterStatus,
    topic: z.string().meta({ description: 'Where the message was.' }),
    group: z.string().meta({ description: 'Who could not handle it.' }),
    reason: z.string(),
    partition: z.int().nonnegative(),
    offset: z.string(),
    key: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    value: z.string().nullable().meta({ description: 'The bytes of the message, in base64.' }),
    given_up_at: EpochSeconds,
    settled_by: Id.nullable().meta({ description: 'Who replayed or discarded it.' }),
    settled_at: EpochSeconds.nullable(),
    note: z.string().nullable(),
    ...stored,
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof DeadLetter>;
export const ListDeadLettersQuery = z.object({
  status: DeadLetterStatus.optional(),
  topic: z.string().optional(),
  group: z.string().optional(),
  ...pageQuery,
});
const DeadLetterSummary = DeadLetter.omit({ value: true, headers: true }).meta({ id: 'DeadLetterSummary' });
export type DeadLetterSummary = z.infer<typeof DeadLetterSummary>;
export const DeadLetterPage = pageOf(DeadLetterSummary);
export const SettleDeadLetterRequest = z.object({ note: note.optional() });
