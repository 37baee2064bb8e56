import { expect, it } from 'vitest';
import type { Bundle, Entry } from './bundle.js';
import { missingIn } from './gaps.js';

const missing = (...entries: Partial<Entry>[]) =>
  missingIn({
    header: { run_id: 'run-1' },
    entries: entries.map((entry, n) => ({ id: `other ${n}`, data: {}, line: n + 2, ...entry })),
  } as Bundle).map(({ id, line }) => `${line}: ${id}`);

const decided: Partial<Entry> = {
  id: 'approvals/a-1/2/1',
  causationid: 'runs/run-1/1/0',
  data: { approval_id: 'a-1' },
};

it('an event that another one came of is missing, and so is one that was published before it in its change', () => {
  expect(missing(decided)).toEqual(['2: runs/run-1/1/0', '2: approvals/a-1/2/0']);
  expect(missing(decided, { id: 'runs/run-1/1/0' }, { id: 'approvals/a-1/2/0' })).toEqual([]);
});

it('is named once, whatever names it', () => {
  const began = { id: 'executions/a-1/1/0', causationid: 'approvals/a-1/2/1' };
  expect(missing({ ...began, data: { approval_id: 'a-1' } }, { ...began, id: 'executions/a-1/2/0' })).toEqual([
    '2: approvals/a-1/2/1',
  ]);
});

it('what other runs and senders did is not looked for', () => {
  for (const causationid of ['runs/run-2/5/0', 'platform-7', 'approvals/a-9/1/0', 7, null])
    expect(missing({ id: 'runs/run-1/1/0', causationid })).toEqual([]);
});

it('an id that only looks like one of a change has none before it', () => {
  for (const id of ['runs/run-1/1/0', 'runs/run-1/1/01', 'a/1', 'runs/run-1/1/99999999999999999999', 'runs/run-1/1/-1'])
    expect(missing({ id })).toEqual([]);
});
