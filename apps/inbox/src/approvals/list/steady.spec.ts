import { expect, it } from 'vitest';
import { approvalWith } from '../../../test/approval.fixtures.js';
import { steadyRows } from './steady.js';

const rows = (...ids: string[]) => ids.map((id) => approvalWith({ id }));
const shown = (of: ReturnType<typeof steadyRows>) =>
  of.map(({ approval, isGone }) => approval.id + (isGone ? '-' : ''));

it('no row moves while somebody points at the list', () => {
  const before = steadyRows(null, rows('a', 'b', 'c'));
  // One is decided, two change their order, and the next page is read.
  const held = steadyRows(before, rows('c', 'b', 'd'));
  expect(shown(held)).toEqual(['a-', 'b', 'c', 'd']);
  expect(shown(steadyRows(held, rows('b')))).toEqual(['a-', 'b', 'c-', 'd-']);
  expect(shown(steadyRows(null, rows('c', 'b', 'd')))).toEqual(['c', 'b', 'd']);
});
