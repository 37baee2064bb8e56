import { atMillis } from '@countersign/contracts/time';
import { expect, test } from 'vitest';
import { newRecord } from '../records/record.js';
import { documentOf } from './documents.js';

const record = { ...newRecord(atMillis(0)), version: 1 };
const mebi = 1024 * 1024;

test.each<[string, unknown]>([
  ['a text', 'x'.repeat(17 * mebi)],
  ['a text of three bytes a character', '€'.repeat(6 * mebi)],
  ['many numbers', Array.from({ length: 1.2 * mebi }, (_, n) => n / 7)],
  ['many nulls', Array.from({ length: 2 * mebi }, () => null)],
  ['names', { list: Array.from({ length: mebi / 4 }, () => ({ [`${'€'.repeat(20)}`]: '' })) }],
  ['an object that is kept as a text', { 'a.b': '€'.repeat(6 * mebi) }],
])('a record that is too large because of %s is refused', (_, value) => {
  expect(() => documentOf('a', { ...record, value } as never, [])).toThrow('more than a document of MongoDB can hold');
});

test('a record that is nearly as large as a document can be is stored', () => {
  expect(documentOf('a', { ...record, value: 'x'.repeat(15 * mebi) } as never, []).version).toBe(1);
});
