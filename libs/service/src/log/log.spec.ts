import { RetryableError } from '@countersign/contracts/problems';
import { expect, it } from 'vitest';
import { createLog } from './log.js';

function logged(err: unknown): { err: Record<string, unknown> } {
  let line = '';
  createLog('info', undefined, { write: (text) => void (line += text) }).warn({ err }, 'something');
  return JSON.parse(line) as { err: Record<string, unknown> };
}
const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });

it.each([
  ['what Kafka answers', named('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator')],
  ['what another client of Kafka says', Object.assign(new Error('away'), { code: 'PLT_KFK_NETWORK' })],
  ['a database that is away', named('MongoServerSelectionError', 'connect ECONNREFUSED')],
  ['a connection', Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' })],
  ['what is worth another try', new RetryableError('later', { cause: new Error('pool closed') })],
  ['what was caused by one', new Error('publishing', { cause: named('KafkaJSConnectionError', 'closed') })],
])('logs no stack trace of %s', (_what, error) => {
  const { err } = logged(error);
  expect(err['message']).toBe(error.message);
  expect(JSON.stringify(err)).not.toMatch(/stack|\bat /);
});

it('names the causes and codes of an outage', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  expect(logged(new RetryableError('MongoDB is away', { cause })).err).toEqual({
    type: 'RetryableError',
    message: 'MongoDB is away',
    causes: [{ type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' }],
  });
});

it('logs the stack trace of a bug, and what is no error as it is', () => {
  expect(logged(new TypeError('x is not a function')).err['stack']).toMatch(/ at .*log\.spec/);
  expect(logged('text').err).toBe('text');
});
