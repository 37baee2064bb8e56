import { atMillis } from '@countersign/contracts/time';
import { expect, test } from 'vitest';
import { newRecord } from '../records/record.js';
import { documentOf } from './documents.js';

const record = { ...newRecord(atMillis(0)), version: 1 };
const mebi = 1024 * 1024;

test.each<[string, unknown]>([
  ['a text', 'x'.repeat(17 * mebi)],
  ['a text of three bytes a character', '€'.repeat(6 * mebi)],
  ['many numbers', { list: Array.from({ length: 1.2 * mebi }, (_, n) => n / 7) }],
  ['many nulls', { list: Array.from({ length: 2 * mebi }, () => null) }],
  ['names', { list: Array.from({ length: mebi / 4 }, () => ({ [`${'€'.repeat(20)}`]: '' })) }],
  ['an object that is kept as a text', { 'a.b': '€'.repeat(6 * mebi) }],
])('a record that is too large because of %s is refused', (_, value) => {
  expect(() => documentOf('a', { ...record, value } as never, [])).toThrow('more than a document of MongoDB can hold');
});

test('a record that is nearly as large as a document can be is stored', () => {
  expect(documentOf('a', { ...record, value: 'x'.repeat(15 * mebi) } as never, []).document.version).toBe(1);
});

test('a list of its own is cut instead, from its beginning', () => {
  const list = (length: number) => Array.from({ length }, (_, n) => `${n}`.padEnd(1_000));
  const { document, texts } = documentOf('a', { ...record, list: list(10_000) } as never, []);
  const { list: parts } = document.list_parts!;
  expect([...texts.keys()]).toEqual(parts);
  const joined = [...texts.values()].flatMap((text) => JSON.parse(text()) as string[]);
  expect([...joined, ...(document as never as { list: string[] }).list]).toEqual(list(10_000));
  const longer = documentOf('a', { ...record, list: list(12_000) } as never, []).document.list_parts!['list']!;
  expect(longer.slice(0, parts!.length)).toEqual(parts);
});

test('a list that grows has the parts that it had, whose texts are made only when they are stored', () => {
  const item = (n: number) => ({ n, text: 'x'.repeat(1_000) });
  const items = Array.from({ length: 2_000 }, (_, n) => item(n));
  const spilled = (list: readonly unknown[]) => documentOf('a', { ...record, list } as never, []);
  const before = spilled(items);
  let reads = 0;
  const counted = new Proxy(item(0), { ownKeys: (target) => (reads++, Reflect.ownKeys(target)) });
  const first = spilled([counted, ...items.slice(1)]);
  expect([reads, first.document.list_parts]).toEqual([expect.any(Number), before.document.list_parts]);
  reads = 0;
  const after = spilled([counted, ...items.slice(1), item(2_000)]);
  expect([reads, after.document.list_parts]).toEqual([0, before.document.list_parts]);
  expect([...after.texts].map(([name, text]) => [name, text()])).toEqual(
    [...before.texts].map(([name, text]) => [name, text()]),
  );
  // One that is not the same any more is cut anew.
  const changed = spilled([counted, { ...item(1), text: 'y' }, ...items.slice(2)]).document.list_parts!['list']!;
  expect(changed[0]).not.toBe(before.document.list_parts!['list']![0]);
});

test('what changes in the last half megabyte of a list leaves no part behind', () => {
  const items = Array.from({ length: 2_000 }, (_, n) => ({ n, text: 'x'.repeat(1_000) }));
  const { document, texts } = documentOf('a', { ...record, list: items } as never, []);
  const { list } = document as never as { list: unknown[] };
  expect(JSON.stringify(list).length).toBeGreaterThan(512 * 1024);
  expect(JSON.stringify(document).length).toBeLessThan(700 * 1024);
  const change = items.length - 500;
  const after = documentOf('a', { ...record, list: items.with(change, { n: change, text: 'y' }) } as never, []);
  expect([...after.texts.keys()]).toEqual([...texts.keys()]);
});
