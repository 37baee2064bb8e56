import { z } from 'zod';
import { executeKinds, kindFields } from './kinds.js';
import { currentTerms, writtenTerms } from './terms.js';

/** Made by a person, who then reports what came of it. */
const ManualEntry = z.strictObject({
  instructions: z
    .string()
    .max(10_000)
    .default('')
    .meta({ description: 'Instructions for the person who makes the call.' }),
});

/** How a call may be made: by the adapter of a kind, or by a person. */
export const executeWays = [...executeKinds.map(({ name }) => name), 'manual'] as const;

/** How the executor makes the calls of a tool: in one of the ways, on these terms. */
export const ExecuteEntry = z
  .strictObject({ ...writtenTerms, ...kindFields, manual: ManualEntry.optional() })
  .transform(currentTerms);
export type ExecuteEntry = z.infer<typeof ExecuteEntry>;
