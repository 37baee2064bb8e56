import { z } from 'zod';
import { executeKinds, kindFields } from './kinds.js';
import { Duration } from '../schema/duration.js';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 09:00');
const endOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day such as 17:00, or 24:00');
const Day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

/** When calls may be started. */
export const ChangeWindow = z.strictObject({
  days: z
    .array(Day)
    .min(1)
    .default([...Day.options]),
  from: timeOfDay,
  until: endOfDay.meta({ description: 'A window whose end is not after its beginning goes past midnight.' }),
  time_zone: z.string().default('UTC').meta({ description: 'An IANA name such as Europe/Berlin.' }),
});
export type ChangeWindow = z.infer<typeof ChangeWindow>;

const terms = {
  promise: z.enum(['at_most_once', 'idempotent']).default('at_most_once').meta({
    description:
      'at_most_once: a start that nobody saw the end of is not followed by another, unless a person says so. idempotent: the target knows the execution id and does a call once, however often it is asked.',
  }),
  attempts: z.int().min(1).max(100).default(3).meta({
    description: 'Starts in all, after failures that may pass and, of an idempotent tool, after starts without an end.',
  }),
  retry_after: Duration.default(1).meta({ description: 'The wait before the second attempt; it doubles each time.' }),
  retry_after_at_most: Duration.default(60),
  concurrency_key: z.string().min(1).max(500).optional().meta({
    description:
      'Of all executions with the same key one is made at a time, whatever the tool; the others wait in their order. May contain {{arguments.NAME}} of arguments that are required, and {{env.NAME}}. An unknown outcome holds the key until somebody settles it.',
  }),
  change_windows: z.array(ChangeWindow).min(1).optional().meta({
    description: 'Calls are started within one of these; until then they wait.',
  }),
  wait: Duration.optional().meta({
    description: 'After the approval, before the call is started: time to think again.',
  }),
  start_within: Duration.optional().meta({
    description: 'After the approval. What has not begun by then is not begun any more, and fails.',
  }),
};

/** On which terms the executor makes the approved calls of a tool that is a function, or an MCP server's. */
export const TermsEntry = z.strictObject(terms);
export type TermsEntry = z.infer<typeof TermsEntry>;

/** Made by a person, who then reports what came of it. */
const ManualEntry = z.strictObject({
  instructions: z.string().max(10_000).default('').meta({ description: 'What whoever does it should know.' }),
});

/** How a call may be made: by the adapter of a kind, or by a person. */
export const executeWays = [...executeKinds.map(({ name }) => name), 'manual'] as const;

/** How the executor makes the calls of a tool: in one of the ways, on these terms. */
export const ExecuteEntry = z.strictObject({
  ...terms,
  ...kindFields,
  manual: ManualEntry.optional(),
});
export type ExecuteEntry = z.infer<typeof ExecuteEntry>;
