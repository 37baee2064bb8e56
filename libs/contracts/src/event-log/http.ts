import { z } from 'zod';
import { eventNames } from '../events/catalogue.js';
import { Id, JsonObject, stored } from '../fields/fields.js';
import { listOf } from '../fields/list.js';
import { EpochSeconds } from '../time/epoch.js';
import { pageOf, pageQuery } from '../fields/page.js';

const EventNameList = listOf(z.enum(eventNames));
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
    code: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'Why, for programs; null of one from before there were codes.' }),
    reason: z.string().meta({ description: 'Why, for people.' }),
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
  code: z.string().optional(),
  ...pageQuery,
});
export const DeadLetterSummary = DeadLetter.pick({
  id: true,
  status: true,
  topic: true,
  group: true,
  code: true,
  reason: true,
  partition: true,
  offset: true,
  key: true,
  given_up_at: true,
  settled_by: true,
  settled_at: true,
  note: true,
  version: true,
  due_at: true,
  traceparent: true,
  tracestate: true,
  created_at: true,
  updated_at: true,
}).meta({ id: 'DeadLetterSummary' });
export type DeadLetterSummary = z.infer<typeof DeadLetterSummary>;
export const DeadLetterPage = pageOf(DeadLetterSummary);
export const DeadLetterNoteRequest = z.object({ note: z.string().trim().min(1).max(10_000).optional() });
