import { after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approved, claimed, executionAfter, failed, lost, now, succeeded } from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';

const again = approved({ data: { repeated: true } });
const later = after(now, 3_600_000);

describe('a decision that is said again, since its run heard nothing', () => {
  it.each([
    ['succeeded', executionAfter(approved(), claimed, succeeded), 'tool.execution_completed', { result: 'Deployed.' }],
    ['failed', executionAfter(approved(), claimed, failed), 'tool.execution_failed', { error: 'exit code 1' }],
    ['unknown', executionAfter(approved(), claimed, lost), 'tool.execution_outcome_unknown', { attempt: 1 }],
  ] as const)('is answered with what came of the call: %s', (_, execution, type, data) => {
    const said = decideExecution(execution, again, later);
    if (said.kind !== 'changed') throw new Error(said.reason);
    expect(said.events).toMatchObject([{ type, data }]);
    expect(said.state).toEqual({ ...execution, updated_at: said.state.updated_at });
  });

  it('starts nothing, and is a duplicate while there is nothing to say and to whoever did not ask again', () => {
    for (const execution of [executionAfter(approved()), executionAfter(approved(), claimed)])
      expect(decideExecution(execution, again, later).kind).toBe('ignored');
    expect(decideExecution(executionAfter(approved(), claimed, succeeded), approved(), later).kind).toBe('ignored');
  });

  it('is taken on like any other where it was never heard', () => {
    expect(decideExecution(undefined, again, now)).toMatchObject({ kind: 'changed', state: { status: 'queued' } });
  });
});
