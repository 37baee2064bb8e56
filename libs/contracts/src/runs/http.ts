import { z } from 'zod';
import { catalogue } from '../events/catalogue.js';
import { Id } from '../fields/fields.js';
import { listOf } from '../fields/list.js';
import { pageOf, pageQuery } from '../fields/page.js';
import { RunOutput, RunStatus } from './run.js';
import { SessionOutput } from './session.js';
import { parseStrictJson } from '../json/strict-json.js';
import { Subject } from '../auth/subject.js';

const RunStatusList = listOf(RunStatus);

/** A form and a query have text where JSON has a value. */
const flag = z.union([z.boolean(), z.stringbool()]).meta({ override: { enum: [true, false, 'true', 'false'] } });
const inForm = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value, context) => {
    if (value === '' || value === null) return undefined;
    if (typeof value !== 'string') return value;
    const read = parseStrictJson(value);
    if (read.ok) return read.value;
    const { code, path, message } = read.problem;
    // What is no JSON does not fit the schema either, which says what does.
    if (code !== 'not_json') context.addIssue({ code: 'custom', message: `${path}: ${message}` });
    return value;
  }, schema);

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
  timeout: z.coerce.number().min(0).max(60).default(20).meta({ description: 'Maximum wait in seconds.' }),
});
export const ListRunsQuery = z.object({
  status: RunStatus.optional(),
  agent_id: Id.optional(),
  session_id: Id.optional(),
  user_id: Subject.optional(),
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
    external: z.boolean().default(false).meta({ description: 'It runs elsewhere, and asks here for its calls.' }),
    version: z.string().meta({ description: 'Digest of the definition; runs that start now keep it.' }),
  })
  .meta({ id: 'Agent' });
export type AgentOutput = z.infer<typeof AgentOutput>;

/** One agent alone, whose tools agno nests. */
export const AgentDetail = AgentOutput.extend({ tools: z.object({ tools: AgentOutput.shape.tools }) }).meta({
  id: 'AgentDetail',
});
export type AgentDetail = z.infer<typeof AgentDetail>;

export const ListSessionsQuery = z.object({
  type: z.enum(['agent', 'team', 'workflow']).optional(),
  component_id: Id.optional().meta({ description: 'The id of an agent.' }),
  user_id: Subject.optional(),
  session_name: z.string().optional(),
  sort_by: z.enum(['created_at', 'updated_at']).default('created_at'),
  sort_order: z.enum(['asc', 'desc']).default('desc'),
  ...pageQuery,
  limit: pageQuery.limit.default(20),
});
export const SessionPage = pageOf(SessionOutput);
export const SessionRunsQuery = z.object({
  type: ListSessionsQuery.shape.type,
  user_id: Subject.optional(),
  status: z
    .union([z.string(), z.array(z.string())])
    .transform((names) => [names].flat().map((each) => each.toUpperCase()))
    .pipe(z.array(RunStatus))
    .optional(),
  created_after: z.coerce.number().optional(),
  created_before: z.coerce.number().optional(),
});
export const RetryRunRequest = z.object({
  deadline_in: StartRunRequest.shape.deadline_in.meta({
    description: 'Seconds after which it ends from now on; the deadline that it had does not hold any more.',
  }),
});
export const CancelRunRequest = catalogue['run.cancel_requested'].schema.pick({ reason: true });
