import { RetryableError } from '@countersign/contracts/problems';
import { AuthenticationError, MultipleErrors, NetworkError, ProtocolError, UserError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { kafkaError } from './platformatic-error.js';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect', code: 'ECONNREFUSED' });
const after = (...errors: Error[]) => new MultipleErrors('produce failed 8 times.', errors);

test.each<[string, unknown, string, string]>([
  ['a lost connection', new NetworkError('Connection error', { cause: refused }), 'transient', 'connect ECONNREFUSED'],
  [
    'a coordinator that is not there',
    after(new ProtocolError('COORDINATOR_NOT_AVAILABLE')),
    'transient',
    'The coordinator is not available.',
  ],
  ['a topic that is not there', new UserError('Unknown topic t.'), 'transient', 'Unknown topic t.'],
  [
    'a message that is too large, after all retries',
    after(new NetworkError('closed'), after(new ProtocolError('MESSAGE_TOO_LARGE'))),
    'refused',
    'closed, The request included a message larger than the max message size the server will accept.',
  ],
  ['a missing right', after(new ProtocolError('GROUP_AUTHORIZATION_FAILED')), 'fatal', 'Group authorization failed.'],
  ['a refused login', new AuthenticationError('SASL authentication failed.'), 'fatal', 'SASL authentication failed.'],
  [
    'a token that cannot be had yet',
    after(new AuthenticationError('no token', { cause: new RetryableError('the provider is away') })),
    'transient',
    'the provider is away',
  ],
  ['a bug', new TypeError('undefined is not a function'), 'fatal', 'undefined is not a function'],
  ['something that is no error', 'oops', 'fatal', 'oops'],
])('%s', (_, error, kind, message) => {
  expect(kafkaError(error)).toMatchObject({ kind, cause: error, message: expect.stringContaining(message) });
});
