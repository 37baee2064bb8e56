import { expect, it } from 'vitest';
import { rowsInView } from './window.js';

const rows = (count: number, top: number) => rowsInView(count, { rowHeight: 10, top, height: 50, spare: 2 });

it.each([
  ['the beginning', 100, 0, [0, 7]],
  ['the middle', 100, 500, [48, 57]],
  ['half a row', 100, 505, [48, 58]],
  ['the end', 100, 950, [93, 100]],
  ['fewer rows than have room', 3, 0, [0, 3]],
  ['a list that has become shorter', 3, 950, [3, 3]],
  ['nothing', 0, 0, [0, 0]],
])('of a long list that is scrolled to %s, the rows near it are drawn', (_where, count, top, expected) => {
  expect(rows(count, top)).toEqual(expected);
});
