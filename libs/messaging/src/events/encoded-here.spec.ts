import { expect, test } from 'vitest';
import type { Message } from '../bus.js';
import { isEncodedHere, keepEncoded } from './encoded-here.js';

const message = (id: string, value: string | null, topic = 'run.started'): Message => ({
  topic,
  key: null,
  headers: { ce_id: id },
  value: value === null ? null : Buffer.from(value),
});

test('the same bytes of the same event are known, and nothing else is', () => {
  keepEncoded(message('a', '{"n":1}'));
  expect(isEncodedHere(message('a', '{"n":1}'))).toBe(true);
  expect(isEncodedHere(message('a', '{"n":2}'))).toBe(false);
  expect(isEncodedHere(message('b', '{"n":1}'))).toBe(false);
  expect(isEncodedHere(message('a', '{"n":1}', 'run.paused'))).toBe(false);
  expect(isEncodedHere(message('a', null))).toBe(false);
  expect(isEncodedHere({ ...message('', '{"n":1}'), headers: {} })).toBe(false);
});

test('an event that is encoded anew is known as it is now', () => {
  keepEncoded(message('again', '{"n":1}'));
  keepEncoded(message('again', '{"n":22}'));
  expect(isEncodedHere(message('again', '{"n":1}'))).toBe(false);
  expect(isEncodedHere(message('again', '{"n":22}'))).toBe(true);
});

test('the oldest are forgotten', () => {
  const large = 'x'.repeat(1024 * 1024);
  keepEncoded(message('old', '{}'));
  for (let n = 0; n < 5; n++) keepEncoded(message(`large ${n}`, large));
  expect(isEncodedHere(message('old', '{}'))).toBe(false);
  expect(isEncodedHere(message('large 0', large))).toBe(false);
  expect(isEncodedHere(message('large 4', large))).toBe(true);
});
