import type { Event, EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { after, latest, toEpochMillis } from '@countersign/contracts/time';
import {
  decisionDetailsDigest,
  DecisionGuard,
  generateKey,
  keysFromText,
  signDecision,
  Verifier,
  type DecisionClaims,
} from '@countersign/signing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approval, askPersonVersion, ExecutorWorld, id, soon } from '../../test/executor.fixtures.js';
import { ExecutionEventsController } from './execution-events.controller.js';

const golden = approval;
const seconds = golden.data.resolved_at;
const ring = await keysFromText(JSON.stringify(await generateKey()));

async function signed(change: Partial<DecisionClaims> = {}): Promise<Event<'approval.resolved'>> {
  const { approval_id, run_id, tool_call_id, tool_name, digest, status, pause_type, automatic } = golden.data;
  const { tool_version } = golden.data;
  const call = { approval_id, run_id, tool_call_id, tool_name, digest };
  const { requester, requested_by } = golden.data;
  const at = { tool_version, resolved_at: seconds, act_by: after(seconds, 60), policy_version: null };
  const deciders = [{ by: 'bob', verdict: 'approved' as const, at: seconds }];
  const claims = {
    ...call,
    status,
    pause_type,
    automatic,
    basis: automatic ? ('audit' as const) : ('people' as const),
    grant: null,
    four_eyes: false,
    requester,
    requested_by,
    deciders,
    required_approvals: 1,
    ...at,
    details_digest: decisionDetailsDigest(golden.data),
    ...change,
  };
  return { ...golden, data: { ...golden.data, signature: await signDecision(ring.signingKey, claims) } };
}

describe('a decision that arrives at the executor', () => {
  let world: ExecutorWorld;
  let guard: DecisionGuard;
  let events: ExecutionEventsController;
  beforeEach(async () => {
    world = new ExecutorWorld();
    world.clock = toEpochMillis(seconds);
    guard = new DecisionGuard(() => Verifier.fromKeyRing(ring), world.now);
    await guard.open();
    events = new ExecutionEventsController(
      world.open({ guard: { examine: guard.examine.bind(guard), verifyStored: guard.verifyStored.bind(guard) } })
        .executor,
      { request: () => Promise.reject(new Error('nobody asks for previews here')) },
    );
  });
  afterEach(() => world.close());
  const records = () => world.store.find({ filter: {}, sort: [], limit: 10 });

  it('is acted on when the approval service has signed it for this call', async () => {
    const event = await signed();
    await events.resolved(event);
    expect(await records()).toMatchObject([{ id, status: 'running', decision: event.data.signature }]);
  });

  it("is nobody's without a signature: there is a record apart, and an alarm", async () => {
    await events.resolved(golden);
    const [record] = await records();
    expect(record).toMatchObject({
      approval_id: id,
      status: 'failed',
      error: 'not executed: The decision is not signed.',
    });
    expect(record!.id).not.toBe(id);
    expect(world.alarms.refused).toHaveBeenCalledOnce();
  });

  it("is nobody's when it was signed for other arguments", async () => {
    const event = await signed();
    const tool_args = { ...golden.data.tool_args, version: '6.6.6' };
    await events.resolved({ ...event, data: { ...event.data, tool_args } });
    expect(await records()).toMatchObject([{ status: 'failed', error: expect.stringMatching(/arguments are not/) }]);
    expect(world.adapter.calls).toEqual([]);
  });

  it('has no call made from the second at which its time is over: a person finds out whether it was before', async () => {
    const event = await signed();
    world.clock = after(world.clock, 60_000);
    await events.resolved(event);
    await events.resolved(event);
    expect(await records()).toMatchObject([
      { id, status: 'outcome_unknown', attempts: [], error: expect.stringMatching(/no record/) },
    ]);
    expect(world.adapter.calls).toEqual([]);
    expect(world.typesOf()).toEqual(['tool.execution_outcome_unknown']);
    expect(world.alarms.refused).toHaveBeenCalledOnce();
  });

  it('has no call made when it is older than all records, and one that is as old as they are is made', async () => {
    const event = await signed();
    world.recordsSince = after(toEpochMillis(seconds), 1_000);
    await events.resolved(event);
    expect(await records()).toMatchObject([{ id, status: 'outcome_unknown', attempts: [] }]);
    const other = new ExecutorWorld();
    other.clock = world.clock;
    other.recordsSince = after(toEpochMillis(seconds), 999);
    await other.open().executor.accept(event);
    expect(await other.execution()).toMatchObject({ status: 'running' });
    await other.close();
  });

  it('has no call made when a record of it may have been removed by its age', async () => {
    const event = await signed();
    world.expiredBefore = after(toEpochMillis(seconds), 1_000);
    await events.resolved(event);
    expect(await records()).toMatchObject([{ id, status: 'outcome_unknown', attempts: [] }]);
    expect(world.adapter.calls).toEqual([]);
  });

  it('is acted on also when its time is over once there is a record: it was taken on in time', async () => {
    const { executor, pool } = world.open({ size: 1 });
    const place = pool.reserve()!;
    await executor.accept(await signed());
    world.clock = after(world.clock, 1_000_000_000);
    pool.start();
    place.release();
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'running' });
  });

  it('begins no call that waited when the store was saved that was restored since, whatever has held it', async () => {
    const { executor, pool } = world.open({ size: 1 });
    const place = pool.reserve()!;
    await executor.accept(await signed());
    world.clock = after(world.clock, 60_000);
    await world.executions.handle(id, { type: 'postponed', until: world.clock, held_by: null });
    world.recordsSince = world.clock;
    pool.start();
    place.release();
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        status: 'outcome_unknown',
        attempts: [],
        error: expect.stringMatching(/before the store was restored/),
      });
    expect(world.adapter.calls).toEqual([]);
    expect(world.typesOf()).toEqual(['tool.execution_outcome_unknown']);
    expect(world.alarms.refused).toHaveBeenCalledOnce();
    await world.executions.handle(id, { type: 'retried', by: 'ada', note: 'Nothing there.', even_if_done: true });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'running', attempts: [{ attempt: 1 }] });
  });

  it('that has no call made is one that a person may have made after all', async () => {
    world.recordsSince = after(toEpochMillis(seconds), 1_000);
    await events.resolved(await signed());
    world.clock = latest(world.clock, world.recordsSince);
    const { pool } = world.open();
    await world.executions.handle(id, { type: 'retried', by: 'ada', note: 'Nothing there.', even_if_done: true });
    pool.start();
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'running', attempts: [{ attempt: 1 }] });
  });

  it('is refused when fewer people have approved than have to, and one of them twice', async () => {
    const once = { by: 'bob', verdict: 'approved' as const, at: seconds };
    await events.resolved(await signed({ required_approvals: 2, deciders: [once, once] }));
    expect(await records()).toMatchObject([{ id, status: 'failed', error: expect.stringMatching(/Fewer people/) }]);
    expect(world.alarms.refused).toHaveBeenCalledExactlyOnceWith(
      'decision',
      'refused',
      expect.objectContaining({ approval_id: id }),
    );
    expect(world.adapter.calls).toEqual([]);
  });

  it('is checked again when it begins later, against what is stored', async () => {
    const waits = new ExecutorWorld();
    waits.clock = world.clock;
    const guard = new DecisionGuard(() => Verifier.fromKeyRing(ring), waits.now);
    await guard.open();
    const { executor, pool } = waits.open({
      size: 1,
      guard: { examine: guard.examine.bind(guard), verifyStored: guard.verifyStored.bind(guard) },
    });
    const place = pool.reserve()!;
    await executor.accept(await signed());
    const stored = await waits.execution();
    const version = '6.6.6';
    const tool_args = { ...stored.tool_args, version };
    const state = { ...stored, tool_args, digest: callDigest({ ...stored, tool_args }), version: stored.version + 1 };
    await waits.store.commit({ expected: stored.version, state, events: [] });
    pool.start();
    place.release();
    await expect
      .poll(() => waits.execution(), soon)
      .toMatchObject({
        status: 'failed',
        error: 'not executed: The stored decision is about another call.',
      });
    await waits.close();
  });

  it.each<[string, Partial<EventData<'approval.resolved'>>]>([
    ['is no approval', { status: 'rejected' }],
    ['is of a call that a person answers', { tool_name: 'ask_person', tool_version: askPersonVersion }],
    ['says that it was done by hand', { resolution_data: { result: 'Done.' } }],
  ])('is none of its business when it %s, signed or not', async (_, change) => {
    await events.resolved({ ...golden, data: { ...golden.data, ...change } });
    expect(await records()).toEqual([]);
  });

  it('takes back what waits when it is newer and signed, and nothing when it is forged', async () => {
    const { executor, pool } = world.open({
      size: 1,
      guard: { examine: guard.examine.bind(guard), verifyStored: guard.verifyStored.bind(guard) },
    });
    pool.reserve();
    await executor.accept(await signed());
    const rejection = { status: 'rejected' as const, resolved_at: after(seconds, 1) };
    const forgery = { ...golden, data: { ...golden.data, ...rejection } };
    await executor.takeBack(forgery);
    expect(await records()).toMatchObject([{ id, status: 'queued' }]);
    expect(world.alarms.refused).toHaveBeenCalledOnce();
    const { data } = await signed(rejection);
    await executor.takeBack({ ...golden, data: { ...data, ...rejection } });
    expect(await records()).toMatchObject([{ id, status: 'cancelled' }]);
  });
});
