import { describe, expect, it } from 'vitest';
import { judge, type Evidence } from './judgement.js';

const execution = { id: 'a', approval_id: 'a', tool_name: 'deploy', status: 'succeeded', attempts: [{}] };
const start = { what: 'start', tool: 'deploy', id: 'a', attempt: 1, at: 0 };
const sound = {
  ledger: [start],
  runs: [{ run_id: 'r', status: 'COMPLETED', error: null }],
  approvals: [{ id: 'a', status: 'approved' }],
  executions: [execution],
  started: new Set(['r']),
  decided: new Map([['a', 'approved']]),
  allowedAgain: new Set<string>(),
  waiting: [],
};
const judged = (change: object) => judge({ ...sound, ...change } as unknown as Evidence);

describe('the judgement of a campaign', () => {
  it('finds nothing where all is as promised', () => {
    expect(judged({})).toMatchObject({ violations: [], held: { length: 6 } });
  });

  const twice = { ledger: [start, { ...start, attempt: 2 }], executions: [{ ...execution, attempts: [{}, {}] }] };
  it.each<[string, object, RegExp]>([
    ['a start without a decision', { decided: new Map() }, /deploy a was started, and is not decided/],
    ['a start of what was rejected', { decided: new Map([['a', 'rejected']]) }, /is rejected/],
    ['a second start', twice, /deploy a was started 2 times/],
    ['an attempt that is started twice', { ledger: [start, start] }, /attempts 1,1/],
    ['a start that is not on record', { executions: [{ ...execution, attempts: [] }] }, /attempts 1 of 0/],
    ['a success without a start', { ledger: [] }, /its target was never told/],
    ['a run that is lost', { runs: [] }, /run r is gone/],
    ['a decision that is lost', { approvals: [{ id: 'a', status: 'expired' }] }, /was approved, and is expired/],
    ['a run that waits', { runs: [{ run_id: 'r', status: 'PAUSED', error: null }] }, /run r is PAUSED/],
    ['an approval that is pending', { approvals: [{ id: 'a', status: 'pending' }] }, /approval a is pending/],
    ['an agent that waits', { waiting: ['caller-1'] }, /caller-1 has not heard/],
    ['an execution that is under way', { executions: [{ ...execution, status: 'queued' }] }, /execution a is queued/],
  ])('finds %s', (_, change, violation) => {
    expect(judged(change).violations.join('\n')).toMatch(violation);
  });

  it('lets a second start pass that a person has wanted, or that an idempotent tool takes', () => {
    expect(judged({ ...twice, allowedAgain: new Set(['a']) }).violations).toEqual([]);
    const again = [{ ...execution, tool_name: 'deploy_again', attempts: [{}, {}] }];
    expect(judged({ ...twice, executions: again }).violations).toEqual([]);
  });
});
