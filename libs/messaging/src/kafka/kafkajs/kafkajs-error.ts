import { RetryableError } from '@countersign/contracts/problems';
import { KafkaError, type KafkaErrorKind } from '../kafka-client.js';

const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_TOPIC_EXCEPTION']);

/** What kafkajs threw, in the terms of the port. */
export function kafkaError(cause: unknown): KafkaError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new KafkaError(kindOf(cause), message, { cause });
}

/**
 * Whatever kafkajs says of the broker may pass, also what it calls not retriable, such as a coordinator that it cannot
 * find while a broker goes down. A refusal to let us in does not, and anything else is a bug.
 */
function kindOf(error: unknown): KafkaErrorKind {
  const chain = [...causes(error)];
  if (chain.some((each) => refusals.has(typeOf(each)))) return 'refused';
  if (chain.some((each) => each instanceof RetryableError)) return 'transient';
  const root = chain.at(-1);
  if (!root || /AUTHORI[SZ]ATION|AUTHENTICATION|SASL/i.test(`${root.name} ${typeOf(root)}`)) return 'fatal';
  return root.name.startsWith('KafkaJS') || 'syscall' in root ? 'transient' : 'fatal';
}

function* causes(error: unknown): Generator<Error> {
  for (let each = error; each instanceof Error; each = each.cause) yield each;
}

/** The name of an error code of Kafka's. */
const typeOf = (error: Error): string => ('type' in error ? String(error.type) : '');
