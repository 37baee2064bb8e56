import { z } from 'zod';
import { JsonPointer } from '../../schema/json-pointer.js';

const Topic = z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/, 'must be the name of a topic');

export const KafkaEntry = z.strictObject({
  topic: Topic.meta({ description: "Another platform's topic, on the same brokers. It must exist." }),
  reply_topic: Topic.meta({
    description:
      'Where it answers, with the header correlation-id of the request. An answer that repeats the header attempt as well counts for that attempt alone.',
  }),
  key: z.string().min(1).optional().meta({ description: 'As the texts of value. Unset: the execution id.' }),
  headers: z.record(z.string().min(1), z.string()).default({}).meta({
    description:
      'Texts as those of value. correlation-id (the execution id), reply-topic, attempt and content-type are sent by themselves.',
  }),
  value: z.unknown().meta({
    description:
      'JSON. May contain {{arguments.NAME}}, {{execution.id}}, {{execution.attempt}}, {{run.id}}, {{run.user_id}}, {{approval.resolved_by}} and {{env.NAME}}; a text that is one placeholder becomes the value itself, of any type. A field whose argument has no value is omitted.',
  }),
  timeout: z.number().positive().max(86_400).optional().meta({
    description: 'Seconds to wait for the reply. Unset: EXECUTION_TIMEOUT_SECONDS.',
  }),
  status: JsonPointer.optional().meta({
    description: 'Where the reply says what came of it. Unset: any reply means success.',
  }),
  succeeded: z.array(z.string()).default([]).meta({
    description:
      'Values there that mean success. Any other that is not under failed is progress, and the next reply is awaited.',
  }),
  failed: z.array(z.string()).default([]).meta({ description: 'Values there that mean failure.' }),
  result: JsonPointer.optional().meta({
    description: 'What of the reply is the result. Unset, or not there: all of it.',
  }),
});
/** A request to another platform, over Kafka. */
export type KafkaEntry = z.infer<typeof KafkaEntry>;
