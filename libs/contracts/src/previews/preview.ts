import { z } from 'zod';
import { CallArguments } from '../calls/call-arguments.js';
import { callDigest } from '../calls/digest.js';
import type { ExactCall } from '../calls/exact-call.js';
import { Id } from '../fields/fields.js';
import { canonicalJson } from '../json/canonical-json.js';
import { EpochSeconds } from '../time/epoch.js';
import { sha256Hex } from '#sha256';

/** Characters of an output that is shown; a longer one is not shown in part. */
export const longestPreview = 50_000;

/** Which of the previews of an approval: an answer to an earlier one is late. */
export const PreviewRound = z.int().positive().meta({ description: 'Counts the previews of one approval.' });

/** What came of it, before there is a record of it. */
export const PreviewOutcome = z.enum(['shown', 'failed']);

/** What a call would do, as its tool says without doing it. Of an approval there is one at a time, the latest. */
export const Preview = z.object({
  round: PreviewRound,
  status: z.enum(['requested', ...PreviewOutcome.options]).meta({
    description: 'requested: nobody approves until it is there. failed: `reason` says why there is none.',
  }),
  call: z.string().meta({ description: 'Digest of the exact call that it is of: tool, arguments, call and run.' }),
  output: z.string().max(longestPreview).nullable(),
  digest: z.string().nullable().meta({
    description: 'Of the call and the output; a part of the digest that is decided on. null: there is no output.',
  }),
  reason: z.string().nullable(),
  required: z.boolean().meta({ description: 'Without a preview of what would run, nobody approves.' }),
  by: Id.nullable().meta({ description: 'Who asked for it; null: it belongs to the request.' }),
  requested_at: EpochSeconds,
  answer_by: EpochSeconds.meta({ description: 'Without an answer by then it has failed.' }),
  before: z
    .object({ approval_id: Id, output: z.string().max(longestPreview) })
    .nullable()
    .default(null)
    .meta({
      description: 'What was shown when this call was approved before, and was not made since it shows another.',
    }),
});
export type Preview = z.infer<typeof Preview>;

type Previewed = Pick<ExactCall, 'run_id' | 'tool_call_id' | 'tool_name' | 'tool_args' | 'salt'>;

/** The digest of what a preview is of, whoever decides and by which rules. */
export const previewedCall = ({ run_id, tool_call_id, tool_name, tool_args, salt }: Previewed): string =>
  callDigest({ run_id, tool_call_id, tool_name, tool_args, salt: salt ?? null });

/** The digest that ties what was shown to the call that it was shown of. @param call {@link previewedCall} */
export const previewDigest = (call: string, output: string): string =>
  `sha256:${sha256Hex(canonicalJson({ call, output }))}`;

/** The preview of an approval, where it is of the call with these arguments. */
export const previewOf = (
  { preview, ...call }: Omit<Previewed, 'tool_args'> & { preview: Preview | null },
  tool_args: Previewed['tool_args'],
): Preview | null => (preview?.call === previewedCall({ ...call, tool_args }) ? preview : null);

/** Asks for another preview. */
export const PreviewRequest = z.object({
  tool_args: CallArguments.optional().meta({
    description:
      'All arguments, as they would be approved in place of the requested ones. Unset: of the call as it stands.',
  }),
  values: CallArguments.optional().meta({
    description: 'The fields that a person fills in, as they would be approved.',
  }),
});
