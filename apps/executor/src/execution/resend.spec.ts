import { after, atSeconds, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  approved,
  cancelled,
  claimed,
  executionAfter,
  failed,
  lost,
  now,
  requirementWith,
  runCancelled,
  succeeded,
} from '../../test/execution.fixtures.js';
import { decideExecution } from './execution.js';
import type { ExecutionMessage } from './messages.js';

const again = approved({ data: { repeated: true } });
const later = after(now, 3_600_000);

describe('a decision that is published again, since its run got no event', () => {
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

  it('begins nothing for a run that is over', () => {
    const ofRunOver = approved({ data: { repeated: true, run_status: 'CANCELLED' } });
    expect(decideExecution(undefined, ofRunOver, now).kind).toBe('ignored');
  });

  it('is taken on like any other where it never arrived', () => {
    expect(decideExecution(undefined, again, now)).toMatchObject({ kind: 'changed', state: { status: 'queued' } });
  });
});

describe('the end of its run that is said again', () => {
  const endAgain: ExecutionMessage = {
    type: 'cancelled',
    event: { ...runCancelled, data: { ...runCancelled.data, repeated: true } },
    requirement: requirementWith({}),
  };

  it.each([
    ['succeeded', executionAfter(approved(), claimed, succeeded), 'tool.execution_completed'],
    ['taken back before', executionAfter(cancelled), 'tool.execution_failed'],
  ] as const)('is answered with what came of the call: %s', (_, execution, type) => {
    const said = decideExecution(execution, endAgain, later);
    expect(said).toMatchObject({ events: [{ type, data: { execution_id: execution.id } }] });
    expect(decideExecution(execution, cancelled, later).kind).toBe('ignored');
  });

  it('takes back what has not begun, and what never arrived', () => {
    expect(decideExecution(executionAfter(approved()), endAgain, later)).toMatchObject({
      state: { status: 'cancelled' },
      events: [{ type: 'tool.execution_failed' }],
    });
    expect(decideExecution(undefined, endAgain, later)).toMatchObject({ state: { status: 'cancelled' } });
  });

  it('is answered with an unknown outcome until a person has settled it', () => {
    const unknown = executionAfter(approved(), claimed, lost);
    const [first, again] = [decideExecution(unknown, endAgain, later), decideExecution(unknown, cancelled, later)];
    expect([first.kind, again.kind]).toEqual(['changed', 'changed']);
  });
});

describe('an outcome that the log never takes', () => {
  const neverPublished: ExecutionMessage = { type: 'never_published', reason: 'larger than the broker takes' };
  const long = { ...succeeded, result: 'x'.repeat(50_000) } as ExecutionMessage;

  it('is published once more, with the beginning of the output and where the rest is; the record keeps all of it', () => {
    const execution = executionAfter(approved(), claimed, long);
    const told = decideExecution(execution, neverPublished, later);
    if (told.kind !== 'changed') throw new Error(told.reason);
    expect(told.state.result).toHaveLength(50_000);
    expect(told.events).toMatchObject([
      {
        type: 'tool.execution_completed',
        data: { result: expect.stringMatching(/^x{1000} … \(not_publishable: .*larger/) },
      },
    ]);
  });

  it('is not published again when it is short, and so was refused for something else', () => {
    const execution = executionAfter(approved(), claimed, succeeded);
    expect(decideExecution(execution, neverPublished, later).kind).toBe('ignored');
    expect(decideExecution(executionAfter(approved(), claimed), neverPublished, later).kind).toBe('ignored');
  });
});

describe('another decision on the same call, by an approval service whose store was restored', () => {
  const eventOf = (message: ExecutionMessage) => (message as Extract<ExecutionMessage, { type: 'approved' }>).event;
  const { data } = eventOf(approved());
  const decided = (
    change: Partial<typeof data>,
    seconds = 60,
    unrecorded: string | null = null,
  ): Extract<ExecutionMessage, { type: 'decided_otherwise' }> => ({
    type: 'decided_otherwise',
    unrecorded,
    event: eventOf(approved({ data: { ...change, resolved_at: atSeconds(data.resolved_at + seconds) } })),
  });
  const rejected = { status: 'rejected' } as const;
  const edited = { tool_args: { ...data.tool_args, version: '6.6.6' }, digest: 'of other arguments' };

  it('takes back what has not begun, and its run hears so', () => {
    const taken = decideExecution(executionAfter(approved()), decided(rejected), later);
    expect(taken).toMatchObject({ kind: 'changed', state: { status: 'cancelled', due_at: null } });
    expect(taken).toMatchObject({
      events: [{ type: 'tool.execution_failed', data: { error: expect.stringMatching(/is rejected by another/) } }],
    });
  });

  it('takes back what was approved with other arguments since: exactly that was not approved any more', () => {
    const again = approved({ data: { ...edited, resolved_at: atSeconds(data.resolved_at + 60) } });
    expect(decideExecution(executionAfter(approved()), again, later)).toMatchObject({ state: { status: 'cancelled' } });
  });

  it('changes nothing when it is the older of the two, said again by whoever can write to the topic', () => {
    for (const seconds of [-60, 0])
      expect(decideExecution(executionAfter(approved()), decided(rejected, seconds), later).kind).toBe('ignored');
  });

  it('answers a run that has heard of an approval of which there is no record, and never takes that on', () => {
    const heard = { ...rejected, repeated: true, run_began_at: toEpochSeconds(now) };
    expect(decideExecution(undefined, decided({ ...heard, run_began_at: null }), later).kind).toBe('ignored');
    const told = decideExecution(undefined, decided(heard), later);
    expect(told).toMatchObject({
      state: { status: 'cancelled', decision: null, approved_by: null, due_at: null },
      events: [{ type: 'tool.execution_failed', data: { error: 'not executed: its approval is rejected' } }],
    });
    const { state } = told as Extract<typeof told, { kind: 'changed' }>;
    expect(decideExecution(state, approved(), later).kind).toBe('ignored');
    expect(decideExecution(undefined, decided(heard, 60, 'It may have been made.'), later)).toMatchObject({
      state: { status: 'outcome_unknown', attempts: [] },
      events: [{ type: 'tool.execution_outcome_unknown', data: { reason: 'It may have been made.' } }],
    });
  });

  it('lets run what has begun, and tells a run that asks what came of it', () => {
    const begun = executionAfter(approved(), claimed);
    expect(decideExecution(begun, decided(rejected), later).kind).toBe('ignored');
    const over = decideExecution(
      executionAfter(approved(), claimed, succeeded),
      decided({ ...rejected, repeated: true }),
      later,
    );
    expect(over).toMatchObject({ events: [{ type: 'tool.execution_completed' }] });
  });

  it('is nothing to whoever has no record', () => {
    expect(decideExecution(undefined, decided(rejected), later).kind).toBe('ignored');
  });
});
