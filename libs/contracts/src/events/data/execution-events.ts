import { z } from 'zod';
import { ExecutionErrorCode, MadeBy } from '../../executions/execution.js';
import { longestPreview, PreviewOutcome, PreviewRound } from '../../previews/preview.js';
import { call, execution } from './fields.js';
import { Id } from '../../fields/fields.js';

const digest = z.string().nullable().default(null).meta({ description: 'The call that was made, as it was approved.' });

const signature = z.string().nullable().default(null).meta({ description: 'All of this as a compact JWS (EdDSA).' });

export const ToolExecutionStarted = z.object({
  ...execution,
  digest,
  made_by: MadeBy.default('worker'),
  worker: Id.nullable().meta({ description: 'null when a person makes the call.' }),
  signature,
});

export const ToolExecutionIntervened = z.object({
  ...execution,
  intervention: z.enum(['settled', 'retried', 'cancel_requested', 'reported']).meta({
    description:
      'settled: a person reported the outcome. retried: a person requested another start. reported: the person who made the call by hand reports the outcome.',
  }),
  outcome: z.enum(['succeeded', 'failed']).nullable().meta({ description: 'What they say came of it.' }),
  note: z.string().nullable(),
  by: Id,
});

/** Not a fact but a preview: it is sent while a call is made, may be lost, and the whole output is stored. */
export const ToolExecutionProgress = z.object({
  ...execution,
  sequence: z.int().nonnegative().meta({ description: 'Counts the progress events of one attempt.' }),
  output: z.string().meta({ description: 'What was printed since.' }),
  offset: z
    .int()
    .nonnegative()
    .nullable()
    .default(null)
    .meta({ description: 'Characters that this attempt had printed before.' }),
  percent: z.number().min(0).max(100).nullable(),
  message: z.string().nullable(),
});

const token = z.string().max(10_000).optional().meta({
  description: 'A signed token for exactly this command, of POST /auth/tokens. Without one it is refused.',
});
const claimed = {
  approval_id: Id.meta({ description: 'Of the call, which has the id of its approval.' }),
  claim: Id.meta({
    description: 'A name that the caller makes up for each time that it begins a call, such as a UUID.',
  }),
};

export const ToolClaimRequested = z.object({ ...claimed, token });

export const ToolReportRequested = z.object({
  ...claimed,
  digest: z.string().max(200).meta({ description: 'Of the call that was made, as its decision has it.' }),
  outcome: z.enum(['succeeded', 'failed']),
  result: z.string().max(100_000).meta({ description: 'What came of it, or why it failed.' }),
  token,
});

export const ToolExecutionCompleted = z.object({ ...execution, result: z.string(), digest, signature });

export const ToolExecutionFailed = z.object({
  ...execution,
  error: z.string(),
  code: ExecutionErrorCode.nullable().default(null),
  digest,
  signature,
});

export const ToolPreviewed = z.object({
  ...call,
  round: PreviewRound,
  call_digest: z.string().meta({ description: 'Of the exact call that it is of.' }),
  outcome: PreviewOutcome,
  text: z.string().max(longestPreview).meta({
    description: 'What it shows, or why it shows nothing. Secrets and redacted arguments are masked.',
  }),
  signature,
});

export const ToolExecutionOutcomeUnknown = z.object({ ...execution, reason: z.string(), digest, signature });
