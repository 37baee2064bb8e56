import { eventNames } from '@countersign/contracts';
import { checkValues } from '../http/checks.js';
import { checkJson, checkTemplate, passesOn, type Parametric } from '../../checks/template.js';
import type { KafkaEntry } from './schema.js';
import type { Path, Problem } from '../../load/source.js';

const reserved = new Set(['correlation-id', 'reply-topic', 'attempt', 'content-type']);
/** What is sent to these is acted on here. */
const ours = new Set<string>([...eventNames, 'dead-letters']);

/** What is wrong with a request over Kafka that makes calls. */
export function checkKafka(kafka: KafkaEntry, tool: Parametric, path: Path): Problem[] {
  const { headers, key, value } = kafka;
  const objection = passesOn(tool, 'execution', 'run', 'approval', 'env');
  return [
    ...checkTopics(kafka, path),
    ...checkReply(kafka, path),
    ...(key === undefined ? [] : checkTemplate(key, [...path, 'key'], objection)),
    ...Object.entries(headers).flatMap(([name, text]) => {
      const at = [...path, 'headers', name];
      if (reserved.has(name.toLowerCase())) return [{ path: at, message: 'is set automatically' }];
      if (name.includes('{{')) return [{ path: at, message: 'can have no placeholder in its name' }];
      return checkTemplate(text, at, objection);
    }),
    ...checkJson(value, [...path, 'value'], objection),
  ];
}

function checkTopics({ topic, reply_topic }: KafkaEntry, path: Path): Problem[] {
  const message = 'is a topic of Countersign itself: use one of the target platform';
  const foreign = (['topic', 'reply_topic'] as const).filter((field) => ours.has({ topic, reply_topic }[field]));
  if (foreign.length > 0) return foreign.map((field) => ({ path: [...path, field], message }));
  return topic === reply_topic ? [{ path: [...path, 'reply_topic'], message: 'must be another topic than topic' }] : [];
}

function checkReply(kafka: KafkaEntry, path: Path): Problem[] {
  const { failed, status, succeeded } = kafka;
  if (status !== undefined && succeeded.length === 0)
    return [{ path: [...path, 'status'], message: 'needs "succeeded": the values there that mean success' }];
  if (status === undefined && succeeded.length + failed.length > 0) {
    const field = succeeded.length > 0 ? 'succeeded' : 'failed';
    return [{ path: [...path, field], message: 'needs "status": where the reply has these values' }];
  }
  return checkValues(kafka, path);
}
