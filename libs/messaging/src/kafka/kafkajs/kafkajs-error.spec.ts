import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaError } from './kafkajs-error.js';

const { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } =
  kafkajs;

const ofBroker = (type: string) => new KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 1 }) as never);
const exceeded = (cause: Error) => new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 4, retryTime: 1 });

test.each<[string, unknown, string]>([
  ['a lost connection', new KafkaJSConnectionError('refused', { broker: 'b', code: 'ECONNREFUSED' }), 'transient'],
  ['what the system says of a socket', Object.assign(new Error('reset'), { syscall: 'read' }), 'transient'],
  [
    'a coordinator that is not found, after all retries',
    exceeded(ofBroker('GROUP_COORDINATOR_NOT_AVAILABLE')),
    'transient',
  ],
  ['what kafkajs does not retry', new KafkaJSNonRetriableError('no leader'), 'transient'],
  ['a message that is too large, after all retries', exceeded(ofBroker('MESSAGE_TOO_LARGE')), 'refused'],
  ['a missing right', ofBroker('GROUP_AUTHORIZATION_FAILED'), 'fatal'],
  ['a bug', new TypeError('undefined is not a function'), 'fatal'],
  ['something that is no error', 'oops', 'fatal'],
])('%s', (_, error, kind) => {
  expect(kafkaError(error)).toMatchObject({ kind, cause: error });
});
