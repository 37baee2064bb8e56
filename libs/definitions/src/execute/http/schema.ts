import { z } from 'zod';
import { JsonPointer } from '../../schema/json-pointer.js';
import { TokenEntry } from '../../schema/token.js';

const template =
  'May contain {{arguments.NAME}}, {{execution.id}}, {{execution.attempt}}, {{run.id}}, {{run.user_id}}, {{approval.resolved_by}} and {{env.NAME}}';

/** Asks for the state of a call as the target tells it. */
const Poll = z.strictObject({
  url: z.string().min(1).meta({
    description: `As the URL of the request, which is sent with the same headers. Of poll it may also contain {{response./POINTER}}, such as {{response./id}}: what the answer to the request has there, and {{response.headers.NAME}}. One of these alone, such as {{response.headers.location}}, is a whole URL of the same scheme and host as the request.`,
  }),
  every: z.number().positive().max(3_600).default(2).meta({ description: 'Seconds between two questions.' }),
  status: JsonPointer.meta({
    description: 'Where its answer says how far it is. Not there, or another value: not done.',
  }),
  succeeded: z.array(z.string()).min(1).meta({ description: 'Values there that mean success.' }),
  failed: z.array(z.string()).default([]).meta({ description: 'Values there that mean failure.' }),
  percent: JsonPointer.optional().meta({ description: 'Where its answer has a number from 0 to 100.' }),
  result: JsonPointer.optional().meta({
    description: 'What of its answer is the result. Unset, or not there: all of it.',
  }),
});

export const HttpEntry = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  url: z
    .string()
    .min(1)
    .meta({
      description: `${template}. A placeholder fills one path segment or one value of the query, whole; scheme and host have none but {{env.NAME}}.`,
    }),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta({
      description: `${template}. Secrets by {{env.NAME}}. One whose only placeholder is an argument without a value is omitted. Idempotency-Key (the execution id) and Countersign-Attempt are sent by themselves.`,
    }),
  token: TokenEntry.optional(),
  body: z
    .unknown()
    .optional()
    .meta({
      description: `JSON. ${template}; a text that is one placeholder becomes the value itself, of any type. A field whose argument has no value is omitted.`,
    }),
  timeout: z.number().positive().max(86_400).optional().meta({
    description: 'Seconds for the request and its polls. Unset: EXECUTION_TIMEOUT_SECONDS.',
  }),
  result: JsonPointer.optional().meta({
    description: 'What of the answer is the result. Unset, or not there: all of it.',
  }),
  done: z.array(z.int().min(200).max(299)).default([]).meta({
    description:
      'Without poll: statuses of an answer that mean done here, though they usually mean accepted: 202, or 201 with a Location.',
  }),
  poll: Poll.optional().meta({
    description:
      'Polls the progress until it is done. Unset: an answer of 2xx means that it is done, but for 202 and for 201 with a Location, after which the outcome is unknown; see done.',
  }),
  status: Poll.optional().meta({
    description: 'Polls the outcome of a call that is unknown, until it is done. 404: it was never made.',
  }),
  allow_private: z.boolean().default(false).meta({
    description: 'Let requests go to private and local addresses, and over plain http.',
  }),
});
/** A request that makes a tool's calls. */
export type HttpEntry = z.infer<typeof HttpEntry>;
export type HttpPollEntry = z.infer<typeof Poll>;
