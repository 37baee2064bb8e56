import { longestPreview } from '@countersign/contracts/previews';
import type { Seconds } from '@countersign/contracts/time';
import { z } from 'zod';
import type { Path, Problem } from '../load/source.js';
import type { ToolEntry } from '../schema/file.js';
import { CommandEntry } from './command/schema.js';
import { commandKind } from './command/kind.js';
import { HttpEntry } from './http/schema.js';
import { httpKind } from './http/kind.js';

/** What the executor runs to show what a call would do, while people have not decided on it. */
export const PreviewEntry = z.strictObject({
  side_effects: z.literal('none').meta({
    description:
      'Said by whoever writes this: running it changes nothing, however often it is run, and before anybody has approved the call.',
  }),
  command: CommandEntry.optional(),
  http: HttpEntry.optional(),
  required: z.boolean().default(true).meta({
    description: 'Nobody approves a call that it has shown nothing of. false: people are told why there is no preview.',
  }),
  rerun: z.boolean().default(true).meta({
    description:
      'It is run again right before an approved call. Where it shows something else, the call is not made, and is asked for anew. false: for output that is never the same twice.',
  }),
  max_output: z.int().min(100).max(longestPreview).default(20_000).meta({
    description:
      'Maximum characters that it may show. Of more nothing is shown, since nobody would have seen all of it.',
  }),
});
export type PreviewEntry = z.infer<typeof PreviewEntry>;

const plainTimeout: Seconds = 30;
const longestTimeout: Seconds = 600;

export const previewTimeout = ({ command, http }: PreviewEntry): Seconds =>
  command?.timeout ?? http?.timeout ?? plainTimeout;

/** What is wrong with the preview of a tool. */
export function checkPreview(preview: PreviewEntry, tool: ToolEntry, path: Path): Problem[] {
  const { command, http } = preview;
  if (!command === !http) return [{ path, message: 'must have exactly one of command, http' }];
  const field = command ? 'command' : 'http';
  const madeHere = tool.execute && !tool.execute.manual && !tool.execute.caller;
  const elsewhere = { path, message: 'needs execute with command, http or kafka: the executor runs both' };
  const ofUnknown = {
    path: [...path, field, 'status'],
    message: 'has no meaning for a preview, which may simply be run again',
  };
  const tooLong = { path: [...path, field, 'timeout'], message: `is longer than ${longestTimeout} s` };
  return [
    ...(madeHere ? [] : [elsewhere]),
    ...((command ?? http)?.status ? [ofUnknown] : []),
    ...(previewTimeout(preview) > longestTimeout ? [tooLong] : []),
    ...(command ? commandKind.checks(command, tool, [...path, 'command']) : []),
    ...(http ? httpKind.checks(http, tool, [...path, 'http']) : []),
  ];
}
