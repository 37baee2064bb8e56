import { z } from 'zod';
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

const Semantics = z.enum(['at_most_once', 'idempotent']);

/** What is meant where a term is not written. */
const defaults = { semantics: 'at_most_once', delay: 1, max_delay: 60 } as const;

/** The terms as the file may have them, under the names of earlier versions too. @see currentTerms */
export const writtenTerms = {
  semantics: Semantics.optional().meta({
    default: defaults.semantics,
    description:
      'at_most_once: a start with unknown outcome is not retried, unless a person requests it. idempotent: the target deduplicates by execution id, so the call may be retried.',
  }),
  attempts: z.int().min(1).max(100).default(3).meta({
    description: 'Starts in all, after failures that may pass and, of an idempotent tool, after starts without an end.',
  }),
  retry: z
    .strictObject({
      delay: Duration.optional().meta({
        default: `${defaults.delay}s`,
        description: 'The wait before the second attempt; it doubles each time.',
      }),
      max_delay: Duration.optional().meta({
        default: `${defaults.max_delay}s`,
        description: 'Maximum backoff, unless the target requests a longer one.',
      }),
    })
    .optional()
    .meta({ description: 'How long to wait before an attempt that follows a failed one.' }),
  promise: Semantics.optional().meta({ deprecated: true, description: 'The former name of `semantics`.' }),
  retry_after: Duration.optional().meta({ deprecated: true, description: 'The former name of `retry.delay`.' }),
  retry_after_at_most: Duration.optional().meta({
    deprecated: true,
    description: 'The former name of `retry.max_delay`.',
  }),
  concurrency_key: z.string().min(1).max(500).optional().meta({
    description:
      'Executions with the same key run one at a time, in order, whatever the tool. May contain {{arguments.NAME}} of arguments that are required, and {{env.NAME}}. An unknown outcome holds the key until it is reconciled.',
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

type Written = z.infer<z.ZodObject<typeof writtenTerms>>;

/** The terms under their present names, with defaults filled in. A term that is there under both names is refused. */
export function currentTerms<T extends Written>(written: T, { addIssue }: z.RefinementCtx) {
  const { promise, retry_after, retry_after_at_most, ...entry } = written;
  const { semantics, retry = {} } = entry;
  const one = <V>(current: V | undefined, name: string, former: V | undefined, formerName: string): V | undefined => {
    if (current !== undefined && former !== undefined)
      addIssue({ code: 'custom', path: [formerName], message: `is the former name of ${name}, which is set too` });
    return current ?? former;
  };
  return {
    ...entry,
    semantics: one(semantics, 'semantics', promise, 'promise') ?? defaults.semantics,
    retry: {
      delay: one(retry.delay, 'retry.delay', retry_after, 'retry_after') ?? defaults.delay,
      max_delay:
        one(retry.max_delay, 'retry.max_delay', retry_after_at_most, 'retry_after_at_most') ?? defaults.max_delay,
    },
  };
}

/** On which terms the executor makes the approved calls of a tool that is a function, or an MCP server's. */
export const TermsEntry = z.strictObject(writtenTerms).transform(currentTerms);
export type TermsEntry = z.infer<typeof TermsEntry>;
