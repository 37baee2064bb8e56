import { z } from 'zod';
import { executeKinds, kindFields } from './kinds.js';
import { Duration } from '../schema/duration.js';
import { currentTerms, writtenTerms } from './terms.js';

/** Made by a person, who then reports what came of it. */
const ManualEntry = z.strictObject({
  instructions: z
    .string()
    .max(10_000)
    .default('')
    .meta({ description: 'Instructions for the person who makes the call.' }),
});

/** Made by the external agent that asked for it, which then reports what came of it. */
const CallerEntry = z.strictObject({
  lease: Duration.default(60).meta({
    description: 'How long a caller that has begun may say nothing before its outcome counts as unknown.',
  }),
});

/** How a call may be made: by the adapter of a kind, by a person, or by the external agent that asked for it. */
export const executeWays = [...executeKinds.map(({ name }) => name), 'manual', 'caller'] as const;

/** How the executor makes the calls of a tool: in one of the ways, on these terms. */
export const ExecuteEntry = z
  .strictObject({ ...writtenTerms, ...kindFields, manual: ManualEntry.optional(), caller: CallerEntry.optional() })
  .transform(currentTerms);
export type ExecuteEntry = z.infer<typeof ExecuteEntry>;
