import { expect, test } from 'vitest';
import { Watermark } from './watermark.js';

test('it rises over what is finished without a gap', () => {
  const mark = new Watermark();
  const [first, second, third] = [3, 7, 8].map((offset) => mark.begin(offset));
  expect([mark.finished, mark.pending, mark.size]).toEqual([undefined, 3, 3]);
  third!();
  expect([mark.finished, mark.pending, mark.size]).toEqual([undefined, 3, 3]);
  first!();
  expect([mark.finished, mark.pending, mark.size]).toEqual([3, 7, 2]);
  second!();
  expect([mark.finished, mark.pending, mark.size]).toEqual([8, undefined, 0]);
});

test('it keeps count over many, finished in any order', () => {
  const mark = new Watermark();
  const finish = Array.from({ length: 10_000 }, (_, offset) => mark.begin(offset));
  for (const done of finish.slice(1).toReversed()) done();
  expect(mark.finished).toBeUndefined();
  const last = mark.begin(10_000);
  finish[0]!();
  expect([mark.finished, mark.pending]).toEqual([9_999, 10_000]);
  last();
  expect([mark.finished, mark.size]).toEqual([10_000, 0]);
});
