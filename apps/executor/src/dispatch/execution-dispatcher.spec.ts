import { callDigest } from '@countersign/contracts/calls';
import { after } from '@countersign/contracts/time';
import { toolVersion } from '@countersign/definitions';
import { describe, expect, it, beforeEach, afterEach, vi } from 'vitest';
import { approved, requirementWith, runCancelled, runFailed } from '../../test/execution.fixtures.js';
import { approval, ExecutorWorld, id, soon } from '../../test/executor.fixtures.js';

describe('the executor', () => {
  let world: ExecutorWorld;
  beforeEach(() => (world = new ExecutorWorld()));
  afterEach(() => world.close());

  it('makes the approved call at once, and stores what came of it', async () => {
    await world.open().executor.accept(approval);
    expect(await world.execution()).toMatchObject({ status: 'running', version: 1, attempts: [{ attempt: 1 }] });
    expect(world.adapter.calls).toMatchObject([{ call: { id, tool_args: approval.data.tool_args } }]);
    world.adapter.calls[0]!.end.resolve({ outcome: 'succeeded', result: 'Deployed.' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded', result: 'Deployed.' });
    expect(world.typesOf()).toEqual(['tool.execution_started', 'tool.execution_completed']);
  });

  it('makes it once, however often the approval arrives and wherever', async () => {
    const [one, other] = [world.open(), world.open()];
    await Promise.all([one, other, one, other].map(({ executor }) => executor.accept(approval)));
    one.pool.start();
    other.pool.start();
    world.adapter.calls[0]!.end.resolve({ outcome: 'failed', error: 'exit code 1' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'failed', error: 'exit code 1' });
    await one.executor.accept(approval);
    expect(world.adapter.calls).toHaveLength(1);
  });

  it('makes no other call than was approved', async () => {
    const tool_args = { ...approval.data.tool_args, version: '6.6.6' };
    await world.open().executor.accept({ ...approval, data: { ...approval.data, tool_args } });
    expect(await world.execution()).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('not the approved ones'),
    });
    expect(world.adapter.calls).toEqual([]);
  });

  it('makes no call whose decision must not be acted on, records why, and has somebody look', async () => {
    const refused = { kind: 'refused', code: 'unfounded', reason: 'Fewer people have approved than have to.' } as const;
    await world.open({ guard: { examine: async () => refused } }).executor.accept(approval);
    const error = `not executed: ${refused.reason}`;
    expect(await world.execution()).toMatchObject({ status: 'failed', error, attempts: [] });
    expect(world.adapter.calls).toEqual([]);
    expect(world.typesOf()).toEqual(['tool.execution_failed']);
    const about = { approval_id: id, tool_name: approval.data.tool_name, reason: refused.reason };
    expect(world.alarms.refused.mock.calls).toEqual([['decision', 'refused', about]]);
  });

  it("keeps what is nobody's decision apart, so that the real one is obeyed when it comes", async () => {
    const nobodys = { kind: 'not_authentic', reason: 'The decision is not signed.' } as const;
    const forged = { ...approval, id: 'forged-1' };
    const guard = { examine: async (data: unknown) => (data === forged.data ? nobodys : ({ kind: 'sound' } as const)) };
    const { executor } = world.open({ guard });
    forged.data = { ...approval.data };
    await executor.accept(forged);
    await executor.accept(forged);
    const [record, ...others] = await world.store.find({ filter: {}, sort: [], limit: 10 });
    expect(others).toEqual([]);
    expect(record).toMatchObject({ approval_id: id, status: 'failed', error: `not executed: ${nobodys.reason}` });
    expect(world.alarms.refused.mock.calls[0]).toMatchObject(['decision', 'not_authentic', { approval_id: id }]);
    await executor.accept(approval);
    expect(await world.execution()).toMatchObject({ status: 'running' });
  });

  it('makes no call whose stored decision does not hold any more when it is to begin', async () => {
    const over = { kind: 'refused', code: 'unfounded', reason: 'Fewer people have approved than have to.' } as const;
    const { executor, pool } = world.open({ size: 1, guard: { verifyStored: async () => over } });
    const place = pool.reserve()!;
    await executor.accept(approval);
    pool.start();
    place.release();
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        status: 'failed',
        error: `not executed: ${over.reason}`,
      });
    expect(world.adapter.calls).toEqual([]);
  });

  it('refuses a tool that it does not have', async () => {
    await world.open().executor.accept({ ...approval, data: { ...approval.data, tool_name: 'drop_database' } });
    expect(await world.execution()).toMatchObject({ status: 'failed', attempts: [] });
    expect(world.adapter.calls).toEqual([]);
  });

  it('stores a call for which it has no place, and makes it once there is one', async () => {
    const { executor, pool } = world.open({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    await executor.accept(approval);
    expect(await world.execution()).toMatchObject({ status: 'queued', due_at: world.clock });
    expect(world.adapter.calls).toEqual([]);
    place.release();
    await expect.poll(() => world.adapter.calls.length, soon).toBe(1);
  });

  it('does not begin a stored call whose run is over, and begins the next one', async () => {
    const { executor, pool } = world.open({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    await executor.accept(approval);
    await executor.cancel(runCancelled);
    expect(await world.execution()).toMatchObject({ status: 'cancelled', due_at: null });
    const next = { approval_id: 'next', tool_call_id: 'call_next' };
    const digest = callDigest({ ...approval.data, ...next });
    await executor.accept({ ...approval, data: { ...approval.data, ...next, digest } });
    place.release();
    await expect.poll(() => world.adapter.calls, soon).toMatchObject([{ call: { id: 'next' } }]);
    expect(world.typesOf()).toEqual(['tool.execution_failed', 'tool.execution_started']);
  });

  it('does not begin a call whose approval comes after the end of its run', async () => {
    const { executor, pool } = world.open({ size: 1 });
    await executor.cancel(runFailed);
    await executor.accept(approval);
    expect(await world.execution()).toMatchObject({ status: 'cancelled', version: 1 });
    expect(world.adapter.calls).toEqual([]);
    expect(world.typesOf()).toEqual([]);
    expect(pool.reserve()).toBeDefined();
  });

  it('lets a call end that runs when its run is over, and reports what came of it', async () => {
    const { executor } = world.open();
    await executor.accept(approval);
    await executor.cancel(runCancelled);
    world.adapter.calls[0]!.end.resolve({ outcome: 'succeeded', result: 'Deployed.' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded', result: 'Deployed.' });
    expect(world.typesOf()).toEqual(['tool.execution_started', 'tool.execution_completed']);
  });

  it('keeps no record of calls that would never have come here', async () => {
    const ofOthers = [requirementWith({ tool_name: 'ask_person' }), requirementWith({ approval_id: null })];
    await world.open().executor.cancel({ ...runCancelled, data: { ...runCancelled.data, requirements: ofOthers } });
    expect(await world.store.get(id)).toBeUndefined();
  });

  it('leaves a call to the person who answers it, but refuses one that was to be made here before its tool became theirs', async () => {
    const { executor } = world.open();
    const approvalOf = (tool_version: string) => {
      const data = { ...approval.data, tool_name: 'ask_person', tool_version };
      return { ...approval, data: { ...data, digest: callDigest(data) } };
    };
    await executor.accept(approvalOf(toolVersion(world.tools.get('ask_person')!.definition!)));
    expect(await world.store.get(id)).toBeUndefined();
    await executor.accept(approvalOf(approval.data.tool_version));
    expect(await world.store.get(id)).toMatchObject({
      status: 'failed',
      error: 'not executed: ask_person has changed since it was requested: how it is gated',
      attempts: [],
    });
  });

  it('takes a call that could not be begun as failed', async () => {
    await world.open().executor.accept(approval);
    world.adapter.calls[0]!.end.reject(new Error('no credentials'));
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'failed', error: 'no credentials' });
  });

  it('says so when nobody saw the call end', async () => {
    await world.open().executor.accept(approval);
    world.adapter.calls[0]!.end.resolve({ outcome: 'unknown', reason: 'killed after 600 s' });
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({ status: 'outcome_unknown', error: 'killed after 600 s' });
  });

  it('extends its lease for as long as the call takes', async () => {
    await world.open({ leaseMs: 30 }).executor.accept(approval);
    world.clock = after(world.clock, 1_000_000);
    await expect.poll(async () => (await world.execution()).lease?.expires_at, soon).toBe(world.clock + 30);
  });

  it('does not make a call again whose executor died: its outcome is unknown once the lease is over', async () => {
    const claimed = { type: 'claimed', worker: 'dead', lease_ms: 30_000, refusal: null } as const;
    await world.executions.handle(id, approved(), { then: [claimed] });
    const { pool } = world.open();
    const find = vi.spyOn(world.store, 'find');
    pool.start();
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(2), soon);
    expect((await world.execution()).status).toBe('running');
    world.clock = after(world.clock, 30_000);
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'outcome_unknown' });
    expect(world.adapter.calls).toEqual([]);
  });

  it('loses no place to an outcome that comes too late: it is logged, and the record stays', async () => {
    const { executor, pool } = world.open({ size: 1 });
    await executor.accept(approval);
    world.clock = after(world.clock, 30_000);
    await world.executions.handle(id, { type: 'due' });
    world.adapter.calls[0]!.end.resolve({ outcome: 'succeeded', result: 'Deployed.' });
    await expect
      .poll(() => world.log.error.mock.calls, soon)
      .toMatchObject([[{ execution_id: id, code: 'late_report' }, 'late outcome ignored']]);
    const attempts = [{ late_report: 'succeeded: Deployed.' }];
    expect(await world.execution()).toMatchObject({ status: 'outcome_unknown', result: null, attempts });
    expect(pool.reserve()).toBeDefined();
  });

  it('says when it is stopped that it will not see how its calls end', async () => {
    const { executor, worker } = world.open();
    await executor.accept(approval);
    await worker.abandonAll();
    expect(await world.execution()).toMatchObject({
      status: 'outcome_unknown',
      error: expect.stringContaining('stopped'),
    });
  });
});
