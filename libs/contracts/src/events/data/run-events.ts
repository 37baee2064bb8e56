import { z } from 'zod';
import { CallArguments } from '../../calls/call-arguments.js';
import { Id, JsonObject } from '../../fields/fields.js';
import { Usage } from '../../runs/run.js';
import { Subject } from '../../auth/subject.js';
import { Requirement } from '../../calls/tool-call.js';
import { run, signedBy } from './fields.js';

/** As JSON, whatever the characters, this fits into a message of 1 MiB. */
const maxInput = 100_000;

/** As seconds from the request, at most a year. */
const DeadlineIn = z.int().positive().max(31_536_000).meta({
  description: 'Seconds after which the run ends, however far it is.',
});

const openRequirements = z.array(Requirement).meta({ description: 'What the run still waited for.' });

const runToken = z.string().max(10_000).optional().meta({
  description:
    'A signed token for exactly this command, of POST /auth/tokens. Without one it is refused where RUN_COMMANDS is "signed".',
});

export const RunRequested = z.object({
  agent_id: Id,
  input: z.string().min(1).max(maxInput),
  run_id: Id.optional().meta({
    description: "Chosen by the requester, or else derived from the event's source and id.",
  }),
  session_id: Id.optional(),
  user_id: Subject.optional().meta({
    description: 'The user it is for; with a token its subject, unless that is an administrator.',
  }),
  deadline_in: DeadlineIn.optional(),
  token: runToken,
});

const RequestedCall = z.object({
  tool_call_id: Id.optional().meta({ description: 'What the agent calls it; unset, it is numbered.' }),
  tool_name: Id,
  tool_args: CallArguments.default({}),
});

/** As JSON: it is shown to whoever decides, and is part of each request for an approval. */
const maxContext = 10_000;

export const ToolCallRequested = z.object({
  agent_id: Id.meta({ description: 'An agent that is declared as external.' }),
  calls: z.array(RequestedCall).min(1).max(100),
  reason: z.string().max(10_000).optional().meta({ description: 'Why, in the words of the agent.' }),
  context: JsonObject.refine((value) => JSON.stringify(value).length <= maxContext, {
    error: `at most ${maxContext} characters of JSON`,
  })
    .optional()
    .meta({ description: 'What else whoever decides should see, as the agent says it.' }),
  framework: z.string().max(200).optional().meta({ description: 'What the agent is built with, as it says.' }),
  run_id: RunRequested.shape.run_id,
  session_id: Id.optional(),
  user_id: RunRequested.shape.user_id,
  deadline_in: DeadlineIn.optional(),
  token: runToken,
});

export const RunCancelRequested = z.object({ run_id: Id, reason: z.string().max(10_000).optional(), token: runToken });

export const RunStarted = z.object({ ...run, input: z.string() });

export const RunPaused = z.object({ ...run, requirements: z.array(Requirement) });

export const RunContinued = z.object({ ...run });

const ungated = {
  ...run,
  tool_call_id: Id,
  tool_name: Id,
  digest: z.string().nullable().meta({ description: 'Of the exact call; null where it has no canonical JSON.' }),
};

export const ToolCallStarted = z.object(ungated);

export const ToolCallEnded = z.object({
  ...ungated,
  outcome: z.enum(['succeeded', 'failed']),
  result_digest: z.string().meta({ description: 'Of the result or the error, as the model gets it.' }),
});

const endSignature = signedBy('The end of the run');
const repeated = z.boolean().default(false).meta({
  description:
    'Published again because the outcomes of the calls it names have not arrived: whoever knows one publishes it again.',
});

export const RunCompleted = z.object({
  ...run,
  content: z.string(),
  steps: z.int(),
  usage: Usage,
  signature: endSignature,
});

export const RunFailed = z.object({
  ...run,
  error: z.string(),
  requirements: openRequirements.default([]),
  repeated,
  signature: endSignature,
});

export const RunCancelled = z.object({
  ...run,
  reason: z.string().nullable(),
  requirements: openRequirements,
  repeated,
  signature: endSignature,
});

/** Not a fact but a preview: it is sent while a model writes, may be lost, and is over once the step is stored. */
export const RunOutputDelta = z.object({
  ...run,
  step: z.int().nonnegative(),
  after: z
    .int()
    .nonnegative()
    .nullable()
    .default(null)
    .meta({ description: "The last entry of the run's journal when it was written." }),
  offset: z.int().nonnegative().meta({ description: 'Characters of the text of this step that came before.' }),
  text: z.string(),
});
