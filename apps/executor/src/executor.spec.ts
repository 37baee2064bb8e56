import { callDigest, type Event, type Execution } from '@countersign/contracts';
import { Aggregate, WorkPool, type Store, type WorkPoolOptions } from '@countersign/persistence';
import { goldenEvent, openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, ApprovedCall, Outcome } from './adapter.js';
import { requirementWith, runCancelled, runFailed } from './execution.given.js';
import { decideExecution, type ExecutionMessage } from './execution.js';
import { Executor } from './executor.js';

const soon = { timeout: 5_000, interval: 5 };
const approved = goldenEvent('approval.resolved');
const id = approved.data.approval_id;

/** Leaves every call to the test. */
class HeldAdapter implements Adapter {
  readonly calls: { call: ApprovedCall; end: PromiseWithResolvers<Outcome> }[] = [];

  execute(call: ApprovedCall): Promise<Outcome> {
    const end = Promise.withResolvers<Outcome>();
    this.calls.push({ call, end });
    return end.promise;
  }
}

describe('the executor', () => {
  let close: () => void;
  let clock: number;
  let published: Event[];
  let store: Store<Execution>;
  let executions: Aggregate<Execution, ExecutionMessage>;
  let adapter: HeldAdapter;
  let stops: (() => Promise<void>)[];
  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    const collection = { name: 'executions', key: 'id' as const, indexes: [['due_at']] };
    store = temporary.database.collection<Execution>(collection).store;
    [clock, published, stops, adapter] = [1_000_000, [], [], new HeldAdapter()];
    const publish = (events: readonly Event[]) => void published.push(...events);
    const decide = decideExecution;
    executions = new Aggregate({ collection, store, decide, source: '/executor', publish, now: () => clock });
  });
  afterEach(async () => {
    for (const { end } of adapter.calls) end.resolve({ outcome: 'failed', error: 'the test is over' });
    for (const stop of stops) await stop();
    close();
  });

  function open({ size = 4, leaseMs = 30_000 } = {}) {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const tools = new Map([['deploy_to_production', adapter]]);
    const executor: Executor = new Executor({ executions, pool: () => pool, tools, leaseMs, log });
    const attend: WorkPoolOptions<Execution>['attend'] = (execution, place) => executor.attend(execution, place);
    const pool = new WorkPool<Execution>({ store, size, now: () => clock, log, attend, pollEvery: 5 });
    stops.push(() => pool.stop(1_000));
    return { executor, pool, log };
  }
  const execution = async () => (await store.get(id))!;
  const typesOf = () => [...new Map(published.map((event) => [event.id, event.type])).values()];

  it('makes the approved call at once, and stores what came of it', async () => {
    await open().executor.accept(approved);
    expect(await execution()).toMatchObject({ status: 'running', version: 1, attempts: [{ attempt: 1 }] });
    expect(adapter.calls).toMatchObject([{ call: { id, tool_args: approved.data.tool_args } }]);
    adapter.calls[0]!.end.resolve({ outcome: 'succeeded', result: 'Deployed.' });
    await expect.poll(execution, soon).toMatchObject({ status: 'succeeded', result: 'Deployed.' });
    expect(typesOf()).toEqual(['tool.execution_started', 'tool.execution_completed']);
  });

  it('makes it once, however often the approval arrives and wherever', async () => {
    const [one, other] = [open(), open()];
    await Promise.all([one, other, one, other].map(({ executor }) => executor.accept(approved)));
    one.pool.start();
    other.pool.start();
    adapter.calls[0]!.end.resolve({ outcome: 'failed', error: 'exit code 1' });
    await expect.poll(execution, soon).toMatchObject({ status: 'failed', error: 'exit code 1' });
    await one.executor.accept(approved);
    expect(adapter.calls).toHaveLength(1);
  });

  it('makes no other call than was approved', async () => {
    const tool_args = { ...approved.data.tool_args, version: '6.6.6' };
    await open().executor.accept({ ...approved, data: { ...approved.data, tool_args } });
    expect(await execution()).toMatchObject({ status: 'failed', error: expect.stringContaining('not the ones') });
    expect(adapter.calls).toEqual([]);
  });

  it('makes no call whose decision must not be acted on, records why, and has somebody look', async () => {
    const { executor, log } = open();
    await executor.accept(approved, 'The decision is not signed.');
    expect(await execution()).toMatchObject({
      status: 'failed',
      error: 'not executed: The decision is not signed.',
      attempts: [],
    });
    expect(adapter.calls).toEqual([]);
    expect(typesOf()).toEqual(['tool.execution_failed']);
    const about = { approval_id: id, tool_name: approved.data.tool_name, problem: 'The decision is not signed.' };
    expect(log.error.mock.calls).toEqual([[about, 'a decision is refused']]);
  });

  it('makes no call again when a decision that must not be acted on comes after one that might', async () => {
    const { executor } = open();
    await executor.accept(approved);
    await executor.accept(approved, 'The time to act on the decision is over.');
    expect(await execution()).toMatchObject({ status: 'running', version: 1 });
  });

  it('refuses a tool that it does not have', async () => {
    await open().executor.accept({ ...approved, data: { ...approved.data, tool_name: 'drop_database' } });
    expect(await execution()).toMatchObject({ status: 'failed', attempts: [] });
    expect(adapter.calls).toEqual([]);
  });

  it('stores a call for which it has no place, and makes it once there is one', async () => {
    const { executor, pool } = open({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    await executor.accept(approved);
    expect(await execution()).toMatchObject({ status: 'queued', due_at: clock });
    expect(adapter.calls).toEqual([]);
    place.release();
    await expect.poll(() => adapter.calls.length, soon).toBe(1);
  });

  it('does not begin a stored call whose run is over, and begins the next one', async () => {
    const { executor, pool } = open({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    await executor.accept(approved);
    await executor.cancel(runCancelled);
    expect(await execution()).toMatchObject({ status: 'cancelled', due_at: null });
    const next = { approval_id: 'next', tool_call_id: 'call_next' };
    const digest = callDigest({ ...approved.data, ...next });
    await executor.accept({ ...approved, data: { ...approved.data, ...next, digest } });
    place.release();
    await expect.poll(() => adapter.calls, soon).toMatchObject([{ call: { id: 'next' } }]);
    expect(typesOf()).toEqual(['tool.execution_failed', 'tool.execution_started']);
  });

  it('does not begin a call whose approval comes after the end of its run', async () => {
    const { executor, pool } = open({ size: 1 });
    await executor.cancel(runFailed);
    await executor.accept(approved);
    expect(await execution()).toMatchObject({ status: 'cancelled', version: 1 });
    expect(adapter.calls).toEqual([]);
    expect(typesOf()).toEqual([]);
    expect(pool.reserve()).toBeDefined();
  });

  it('lets a call end that runs when its run is over, and reports what came of it', async () => {
    const { executor } = open();
    await executor.accept(approved);
    await executor.cancel(runCancelled);
    adapter.calls[0]!.end.resolve({ outcome: 'succeeded', result: 'Deployed.' });
    await expect.poll(execution, soon).toMatchObject({ status: 'succeeded', result: 'Deployed.' });
    expect(typesOf()).toEqual(['tool.execution_started', 'tool.execution_completed']);
  });

  it('keeps no record of calls that would never have come here', async () => {
    const ofOthers = [requirementWith({ external_execution_required: false }), requirementWith({ approval_id: null })];
    await open().executor.cancel({ ...runCancelled, data: { ...runCancelled.data, requirements: ofOthers } });
    expect(await store.get(id)).toBeUndefined();
  });

  it('takes a call that could not be begun as failed', async () => {
    await open().executor.accept(approved);
    adapter.calls[0]!.end.reject(new Error('no credentials'));
    await expect.poll(execution, soon).toMatchObject({ status: 'failed', error: 'no credentials' });
  });

  it('says so when nobody saw the call end', async () => {
    await open().executor.accept(approved);
    adapter.calls[0]!.end.resolve({ outcome: 'unknown', reason: 'killed after 600 s' });
    await expect.poll(execution, soon).toMatchObject({ status: 'outcome_unknown', error: 'killed after 600 s' });
  });

  it('extends its lease for as long as the call takes', async () => {
    await open({ leaseMs: 30 }).executor.accept(approved);
    clock += 1_000_000;
    await expect.poll(async () => (await execution()).lease?.expires_at, soon).toBe(clock + 30);
  });

  it('does not make a call again whose executor died: its outcome is unknown once the lease is over', async () => {
    const message: ExecutionMessage = { type: 'approved', event: approved, refusal: null };
    await executions.handle(id, message, { then: [{ type: 'claimed', worker: 'dead', lease_ms: 30_000 }] });
    const { pool } = open();
    const find = vi.spyOn(store, 'find');
    pool.start();
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(2), soon);
    expect((await execution()).status).toBe('running');
    clock += 30_000;
    await expect.poll(execution, soon).toMatchObject({ status: 'outcome_unknown' });
    expect(adapter.calls).toEqual([]);
  });

  it('loses no place to an outcome that comes too late: it is logged, and the record stays', async () => {
    const { executor, pool, log } = open({ size: 1 });
    await executor.accept(approved);
    clock += 30_000;
    await executions.handle(id, { type: 'due' });
    adapter.calls[0]!.end.resolve({ outcome: 'succeeded', result: 'Deployed.' });
    await expect
      .poll(() => log.error.mock.calls, soon)
      .toMatchObject([[{ execution_id: id }, 'an outcome came too late']]);
    expect(await execution()).toMatchObject({ status: 'outcome_unknown', result: null });
    expect(pool.reserve()).toBeDefined();
  });

  it('says when it is stopped that it will not see how its calls end', async () => {
    const { executor } = open();
    await executor.accept(approved);
    await executor.abandonAll();
    expect(await execution()).toMatchObject({ status: 'outcome_unknown', error: expect.stringContaining('stopped') });
  });
});
