import { RetryableError } from '@countersign/contracts/problems';
import { KafkaError, type KafkaErrorKind } from '../kafka-client.js';

const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_TOPIC_EXCEPTION']);

/** What the client threw, in the terms of the port. */
export function kafkaError(cause: unknown): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const messages = new Set(reasonsIn(cause).map(({ message }) => message));
  return new KafkaError(kindOf(cause), messages.size > 0 ? [...messages].join(', ') : String(cause), { cause });
}

/** Kafka's names of the codes in it. */
export const codesIn = (error: unknown): string[] =>
  [...within(error)].flatMap((each) => ('apiId' in each ? [String(each.apiId)] : []));

/** What was thrown by what is asked for credentials. */
export const retryableIn = (error: unknown): RetryableError | undefined =>
  [...within(error)].find((each) => each instanceof RetryableError);

/** What a broker says may pass, but for a refusal to let us in; what is not of the client is a bug. */
function kindOf(error: unknown): KafkaErrorKind {
  const codes = codesIn(error);
  if (codes.some((code) => refusals.has(code))) return 'refused';
  if (retryableIn(error)) return 'transient';
  const all = [...within(error)];
  if (codes.some((code) => /AUTHORI[SZ]ATION|SASL/.test(code)) || all.some((each) => codeOf(each) === 'AUTHENTICATION'))
    return 'fatal';
  return all.some((each) => codeOf(each) !== undefined || 'syscall' in each) ? 'transient' : 'fatal';
}

const codeOf = (error: Error): string | undefined =>
  'code' in error ? /^PLT_KFK_(.*)/.exec(String(error.code))?.[1] : undefined;

/** Those that have no further reason. */
const reasonsIn = (error: unknown): Error[] =>
  [...within(error)].filter((each) => !(each.cause instanceof Error) && !(each instanceof AggregateError));

/** It, all that it gathers, and what they come from. */
function* within(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  yield* within(error.cause);
  if (error instanceof AggregateError) for (const each of error.errors) yield* within(each);
}
