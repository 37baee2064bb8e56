import type { RecordsBatch } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { deliveriesIn, endOf } from './records.js';

const [none, transactional, control] = [0, 1 << 4, (1 << 4) | (1 << 5)];

function batch(firstOffset: number, texts: readonly string[], attributes = none, producer = 1) {
  const records = texts.map((text, offsetDelta) => ({
    offsetDelta,
    timestampDelta: 5n,
    key: null,
    value: Buffer.from(text),
    headers: [],
  }));
  const times = { firstTimestamp: 1_000n, maxTimestamp: 2_000n };
  const offsets = { firstOffset: BigInt(firstOffset), lastOffsetDelta: texts.length - 1 };
  return { ...offsets, ...times, attributes, producerId: BigInt(producer), records } as unknown as RecordsBatch;
}
const fetched = (records: RecordsBatch[] | null, ...aborted: [producer: number, first: number][]) => ({
  partitionIndex: 3,
  errorCode: 0,
  highWatermark: 9n,
  lastStableOffset: 9n,
  logStartOffset: 0n,
  preferredReadReplica: -1,
  abortedTransactions: aborted.map(([producer, first]) => ({
    producerId: BigInt(producer),
    firstOffset: BigInt(first),
  })),
  records,
});
const texts = (...given: Parameters<typeof fetched>) =>
  deliveriesIn('t', fetched(...given), 0n).map(({ value }) => String(value));

test('of a batch only what was asked for is handed over, and reading goes on behind it', () => {
  const whole = fetched([batch(4, ['a', 'b', 'c'])]);
  expect(deliveriesIn('t', whole, 5n).map(({ offset, value }) => [offset, String(value)])).toEqual([
    ['5', 'b'],
    ['6', 'c'],
  ]);
  expect(endOf(whole)).toBe(7n);
  expect(endOf(fetched([]))).toBeUndefined();
  expect(endOf(fetched(null))).toBeUndefined();
});

test('each transaction that a producer took back is left out, and none of those between and beside them', () => {
  const records = [
    batch(0, ['no'], transactional),
    batch(1, ['other'], transactional, 2),
    batch(2, ['abort'], control),
    batch(3, ['yes'], transactional),
    batch(4, ['commit'], control),
    batch(5, ['no'], transactional),
    batch(6, ['plain']),
    batch(7, ['abort'], control),
    batch(8, ['last'], transactional),
  ];
  expect(texts(records, [1, 5], [1, 0])).toEqual(['other', 'yes', 'plain', 'last']);
});

test('one that ends behind what was fetched is left out as far as it is there', () => {
  expect(texts([batch(0, ['no', 'no'], transactional), batch(2, ['no'], transactional)], [1, 0])).toEqual([]);
});

test('a record has the time of its producer, or of the broker where the topic says so', () => {
  const timeOf = (attributes: number) => deliveriesIn('t', fetched([batch(0, ['a'], attributes)]), 0n)[0]!.timestamp;
  expect([timeOf(none), timeOf(1 << 3)]).toEqual([1_005, 2_000]);
});
