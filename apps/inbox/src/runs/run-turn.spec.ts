import type { Execution } from '@countersign/contracts/executions';
import { describe, expect, it } from 'vitest';
import { approvalWith, terms } from '../../test/approval.fixtures.js';
import { openCalls, turnsOf } from './run-turn.js';

const bob = { subject: 'bob', groups: [], mayDecide: true };
const leads = terms({ approvers: [{ group: 'leads', count: 1, members: ['erin'] }] });
const made = (id: string, status: Execution['status']) => ({ id, status, held_by: null }) as Execution;
const of = (id: string, more: object = {}) => approvalWith({ id, ...more });

describe('what a paused run waits for', () => {
  const approvals = [
    of('mine'),
    of('mine too'),
    of('theirs', { terms: leads }),
    of('runs', { status: 'approved' }),
    of('unknown', { status: 'approved' }),
    of('done', { status: 'approved' }),
    of('no', { status: 'rejected' }),
    of('elsewhere', { run_id: 'run-2' }),
  ];
  const executions = [made('runs', 'running'), made('unknown', 'outcome_unknown'), made('done', 'succeeded')];
  const open = openCalls(approvals, executions);

  it('is whose turn it is, each once, and what is being made', () => {
    expect(turnsOf({ status: 'PAUSED' }, open.get('run-1')!, bob).map(({ text }) => text)).toEqual([
      '2 waiting for you',
      'waiting for leads',
      'executing',
      'outcome unknown: a person has to find out',
    ]);
    expect(turnsOf({ status: 'PAUSED' }, open.get('run-2')!, bob)).toMatchObject([{ text: 'waiting for you' }]);
  });

  it('is nothing where the run goes on or is over', () => {
    expect(turnsOf({ status: 'RUNNING' }, open.get('run-1')!, bob)).toEqual([]);
    expect(turnsOf({ status: 'PAUSED' }, [], bob)).toEqual([]);
  });
});
