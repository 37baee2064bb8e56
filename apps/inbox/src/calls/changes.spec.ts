import { expect, it } from 'vitest';
import { changesBetween } from './changes.js';

it('arguments differ in what is added, removed or another value, whatever the order of keys', () => {
  const before = { same: { a: 1, b: 2 }, gone: true, other: '1' };
  const after = { other: 1, new: null, same: { b: 2, a: 1 } };
  expect(changesBetween(before, after)).toEqual([
    { name: 'gone', before: 'true', after: undefined, lines: null },
    { name: 'other', before: '"1"', after: '1', lines: null },
    { name: 'new', before: undefined, after: 'null', lines: null },
  ]);
});
