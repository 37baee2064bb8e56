import type { Event } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { after, atMillis, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCancelled, terms } from '../../test/execution.fixtures.js';
import { approval, ExecutorWorld, soon } from '../../test/executor.fixtures.js';

/** An approval of another call, of this tool. */
function approvalOf(n: number, tool_name = approval.data.tool_name): Event<'approval.resolved'> {
  const call = { ...approval.data, approval_id: `approval-${n}`, tool_call_id: `call_${n}`, tool_name };
  return { ...approval, id: `event-${n}`, data: { ...call, digest: callDigest(call) } };
}
const of = (n: number) => `approval-${n}`;

describe('calls that wait', () => {
  let world: ExecutorWorld;
  beforeEach(() => (world = new ExecutorWorld()));
  afterEach(() => world.close());
  const begun = () => world.adapter.calls.map(({ call }) => call.id);
  const end = (id: string) =>
    world.adapter.calls.findLast(({ call }) => call.id === id)!.end.resolve({ outcome: 'succeeded', result: 'Done.' });
  const statusOf = async (n: number) => (await world.execution(of(n)))?.status;

  describe('with a concurrency key', () => {
    const tool = { concurrencyKey: () => 'deploy:auth-service' };

    it('are made one at a time, in the order of their approvals, on any number of instances', async () => {
      const instances = [world.open({ tool }), world.open({ tool })];
      for (const { pool } of instances) pool.start();
      for (const n of [1, 2, 3]) {
        world.clock = after(world.clock, 1_000);
        await instances[n % 2]!.executor.accept(approvalOf(n));
      }
      for (const n of [1, 2, 3]) {
        await expect.poll(begun, soon).toEqual([1, 2, 3].slice(0, n).map(of));
        for (const later of [1, 2, 3].slice(n)) {
          await expect
            .poll(async () => (await world.execution(of(later))).held_by?.detail, soon)
            .toMatch(/^execution approval-\d, which holds the key deploy:auth-service$/);
        }
        world.clock = after(world.clock, 1_000);
        end(of(n));
        await expect.poll(() => statusOf(n), soon).toBe('succeeded');
      }
    });

    it('do not hold up calls with another key', async () => {
      const { executor, pool } = world.open({ tool: { concurrencyKey: ({ id }) => id } });
      pool.start();
      await executor.accept(approvalOf(1));
      await executor.accept(approvalOf(2));
      await expect.poll(() => begun().toSorted(), soon).toEqual([of(1), of(2)]);
    });

    it('keep the key through another attempt, and while nobody knows the outcome', async () => {
      const { executor, pool } = world.open({ tool });
      pool.start();
      await executor.accept(approvalOf(1));
      await expect.poll(begun, soon).toEqual([of(1)]);
      world.clock = after(world.clock, 1_000);
      await executor.accept(approvalOf(2));
      world.adapter.calls[0]!.end.resolve({ outcome: 'failed', error: 'busy', retryable: true });
      await expect.poll(() => statusOf(1), soon).toBe('queued');
      world.clock = after(world.clock, 15_000);
      await expect.poll(begun, soon).toEqual([of(1), of(1)]);
      world.adapter.calls[1]!.end.resolve({ outcome: 'unknown', reason: 'killed' });
      await expect.poll(() => statusOf(1), soon).toBe('outcome_unknown');
      world.clock = after(world.clock, 15_000);
      await expect.poll(async () => (await world.execution(of(2))).due_at, soon).toBeGreaterThan(world.clock);
      expect(begun()).toEqual([of(1), of(1)]);
      await world.executions.handle(of(1), { type: 'settled', by: 'ada', outcome: 'succeeded', note: 'I looked.' });
      await expect.poll(begun, soon).toEqual([of(1), of(1), of(2)]);
    });

    it.each(['before the key comes to it', 'after the key came to it'])(
      'that a switch holds, turned %s, do not keep the key from others',
      async (when) => {
        const key = () => 'deploy:auth-service';
        const { executor, pool } = world.open({ tool: { concurrencyKey: key } });
        world.addKey('other', key);
        const pause = () =>
          world.switches.turn({ type: 'paused', tool_name: 'other', reason: 'No.', by: 'ada', at: world.clock });
        pool.start();
        for (const [n, name] of [[1], [2, 'other'], [3]] as const) {
          world.clock = after(world.clock, 1_000);
          await executor.accept(approvalOf(n, name));
        }
        await expect.poll(begun, soon).toEqual([of(1)]);
        await expect.poll(async () => (await world.execution(of(3))).held_by?.code, soon).toBe('concurrency_key');
        if (when.startsWith('before')) await pause();
        else {
          pool.drain();
          await world.giveKey('deploy:auth-service', of(2));
          await pause();
          world.open({ tool: { concurrencyKey: key } }).pool.start();
        }
        end(of(1));
        await expect.poll(() => statusOf(1), soon).toBe('succeeded');
        world.clock = after(world.clock, 10_000);
        await expect.poll(begun, soon).toEqual([of(1), of(3)]);
        expect(await statusOf(2)).toBe('queued');
      },
    );

    it('find the key free when whoever had it ended without handing it on', async () => {
      const { executor, pool } = world.open({ tool });
      pool.start();
      await executor.accept(approvalOf(1));
      await expect.poll(begun, soon).toEqual([of(1)]);
      await executor.accept(approvalOf(2));
      await expect.poll(async () => (await world.execution(of(2))).held_by?.detail, soon).toContain('holds the key');
      // As a crash leaves it: the end is stored, and nothing after it.
      const first = await world.execution(of(1));
      const state = { ...first, status: 'succeeded' as const, lease: null, due_at: null, version: first.version + 1 };
      await world.store.commit({ expected: first.version, state, events: [] });
      world.clock = after(world.clock, 10_000);
      await expect.poll(begun, soon).toEqual([of(1), of(2)]);
    });

    it('are taken back with their run while they wait, and leave the key to the next', async () => {
      const { executor, pool } = world.open({ tool });
      pool.start();
      await executor.accept(approvalOf(1));
      await executor.accept(approval);
      await expect.poll(begun, soon).toEqual([of(1)]);
      await executor.cancel(runCancelled);
      await executor.accept(approvalOf(3));
      end(of(1));
      await expect.poll(begun, soon).toEqual([of(1), of(3)]);
    });
  });

  describe('for a change window', () => {
    // The clock begins sixteen minutes and forty seconds into a Thursday.
    const window = { days: ['thu' as const], from: '09:00', until: '17:00', time_zone: 'UTC' };

    it('begin when it opens, and not before', async () => {
      const { executor, pool } = world.open({ tool: { changeWindows: [window] } });
      pool.start();
      await executor.accept(approvalOf(1));
      const opens = atMillis(Date.parse('1970-01-01T09:00:00Z'));
      await expect
        .poll(() => world.execution(of(1)), soon)
        .toMatchObject({
          status: 'queued',
          due_at: opens,
          held_by: { code: 'change_window', until: toEpochSeconds(opens) },
        });
      world.clock = after(opens, -1);
      expect(begun()).toEqual([]);
      world.clock = opens;
      await expect.poll(begun, soon).toEqual([of(1)]);
    });

    it('wait for the next when it closed before they could begin', async () => {
      const { executor, pool } = world.open({ tool: { changeWindows: [window] } });
      await executor.accept(approvalOf(1));
      world.clock = atMillis(Date.parse('1970-01-01T17:00:00Z'));
      pool.start();
      await expect
        .poll(async () => (await world.execution(of(1))).due_at, soon)
        .toBe(Date.parse('1970-01-08T09:00:00Z'));
    });
  });

  describe('of several requesters', () => {
    const approvalFor = (requester: string | null, n: number, tool_name?: string): Event<'approval.resolved'> => {
      const event = approvalOf(n, tool_name);
      return { ...event, data: { ...event.data, requester, requested_by: 'platform' } };
    };
    /** Ends whatever is begun, until so many have been. */
    const endAll = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await expect.poll(() => begun().length, soon).toBe(n + 1);
        end(begun()[n]!);
      }
      return begun();
    };

    it('take turns, and all of them are made', async () => {
      const { executor, pool } = world.open({ size: 1 });
      pool.start();
      for (let n = 1; n <= 6; n += 1) await executor.accept(approvalFor('alice', n));
      world.clock = after(world.clock, 1_000);
      await executor.accept(approvalFor('bob', 7));
      await executor.accept(approvalFor(null, 8));
      await expect.poll(begun, soon).toHaveLength(1);
      const order = await endAll(8);
      expect(order.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(of));
      expect(order.indexOf(of(7))).toBeLessThanOrEqual(3);
      expect(order.indexOf(of(8))).toBeLessThanOrEqual(3);
    });

    it('have no turn while a switch holds their tool, however many wait', async () => {
      const { executor, pool } = world.open({ size: 1 });
      pool.start();
      for (let n = 1; n <= 4; n += 1) await executor.accept(approvalFor('alice', n));
      await executor.accept(approvalFor('bob', 5, 'other'));
      await expect.poll(begun, soon).toHaveLength(1);
      await world.switches.turn({
        type: 'paused',
        tool_name: 'other',
        reason: 'An incident.',
        by: 'ada',
        at: atMillis(1),
      });
      expect((await endAll(4)).toSorted()).toEqual([1, 2, 3, 4].map(of));
      await world.switches.turn({
        type: 'paused',
        tool_name: null,
        reason: 'A worse one.',
        by: 'ada',
        at: atMillis(1),
      });
      for (const n of [6, 7]) await executor.accept(approvalFor('carol', n));
      expect(await Promise.all([5, 6, 7].map(statusOf))).toEqual(['queued', 'queued', 'queued']);
      expect(begun()).toHaveLength(4);
    });
  });

  it('for a tool that its server does not have now say so, and begin once it has, as one start', async () => {
    const { executor, pool } = world.open();
    pool.start();
    await executor.accept(approvalOf(1));
    const reason = 'the MCP server far does not have it now';
    world.adapter.calls[0]!.end.resolve({ outcome: 'not_begun', reason });
    await expect
      .poll(() => world.execution(of(1)), soon)
      .toMatchObject({
        status: 'queued',
        due_at: world.clock + 5_000,
        held_by: { code: 'tool_unavailable', detail: reason },
        attempts: [{ begun: false }],
      });
    world.open({ tool: { definition: undefined, unavailable: 'it is still gone' } });
    world.clock = after(world.clock, 5_000);
    await expect.poll(async () => (await world.execution(of(1))).held_by?.detail, soon).toBe('it is still gone');
    world.open();
    world.clock = after(world.clock, 5_000);
    await expect.poll(begun, soon).toEqual([of(1), of(1)]);
    end(of(1));
    await expect.poll(() => statusOf(1), soon).toBe('succeeded');
    expect((await world.execution(of(1))).attempts).toMatchObject([{ begun: false }, { begun: true }]);
  });

  it('after their approval begin when the wait is over', async () => {
    const not_before = after(approval.data.resolved_at, 600);
    world.clock = toEpochMillis(approval.data.resolved_at);
    const { executor, pool } = world.open({ tool: { terms: () => ({ ...terms, not_before }) } });
    pool.start();
    await executor.accept(approvalOf(1));
    expect(await world.execution(of(1))).toMatchObject({ status: 'queued', due_at: toEpochMillis(not_before) });
    world.clock = toEpochMillis(not_before);
    await expect.poll(begun, soon).toEqual([of(1)]);
  });

  describe('for a kill switch', () => {
    const by = 'ada';
    const pause = (tool_name: string | null) =>
      world.switches.turn({ type: 'paused', tool_name, reason: 'An incident.', by, at: world.clock });
    const resume = (tool_name: string | null) =>
      world.switches.turn({ type: 'resumed', tool_name, by, at: (world.clock = after(world.clock, 1)) });

    it('of their tool stay in the queue of every instance, while other tools go on', async () => {
      const instances = [world.open(), world.open()];
      for (const { pool } of instances) pool.start();
      await pause('deploy_to_production');
      for (const [n, { executor }] of instances.entries()) await executor.accept(approvalOf(n));
      await instances[0]!.executor.accept(approvalOf(7, 'other'));
      await expect.poll(begun, soon).toEqual([of(7)]);
      expect([await statusOf(0), await statusOf(1)]).toEqual(['queued', 'queued']);
      await resume('deploy_to_production');
      await expect.poll(() => begun().toSorted(), soon).toEqual([of(0), of(1), of(7)]);
    });

    it('of all tools stay as well, and what runs is let run', async () => {
      const { executor, pool } = world.open();
      pool.start();
      await executor.accept(approvalOf(1));
      await pause(null);
      await executor.accept(approvalOf(2));
      end(of(1));
      await expect.poll(() => statusOf(1), soon).toBe('succeeded');
      expect(await statusOf(2)).toBe('queued');
      await resume(null);
      await expect.poll(begun, soon).toEqual([of(1), of(2)]);
    });

    it('stay while either of two switches holds them', async () => {
      const { executor, pool } = world.open();
      pool.start();
      await pause(null);
      await pause('deploy_to_production');
      await executor.accept(approvalOf(1));
      await executor.accept(approvalOf(2, 'other'));
      await resume(null);
      await expect.poll(begun, soon).toEqual([of(2)]);
      expect(await statusOf(1)).toBe('queued');
    });

    it('are not let go by a command that was given before the switch was turned', async () => {
      await pause('other');
      const late = await world.switches.turn({ type: 'resumed', tool_name: 'other', by, at: after(world.clock, -1) });
      expect(late.kind).toBe('ignored');
      expect(await world.switches.list()).toMatchObject([{ tool_name: 'other', paused: true, reason: 'An incident.' }]);
      expect(world.typesOf()).toEqual(['tool.paused']);
    });

    it('that is turned while the keys of a decision are fetched hold it all the same', async () => {
      const fetched = Promise.withResolvers<void>();
      const asked = vi.fn(async () => {
        await fetched.promise;
        return { kind: 'sound' } as const;
      });
      const { executor, pool } = world.open({
        tool: { concurrencyKey: ({ id }) => id },
        guard: { verifyStored: asked },
      });
      pool.start();
      await executor.accept(approvalOf(1));
      await expect.poll(() => asked.mock.calls.length, soon).toBe(1);
      await pause('deploy_to_production');
      fetched.resolve();
      await setTimeout(50);
      expect(await world.execution(of(1))).toMatchObject({ status: 'queued', attempts: [] });
      await resume('deploy_to_production');
      await expect.poll(begun, soon).toEqual([of(1)]);
    });

    it('that is turned between the claim and the effect hold it, and it counts as no start', async () => {
      const { executor } = world.open();
      const paused = vi.spyOn(world.switches, 'paused');
      paused.mockImplementationOnce(async () => {
        const before = await world.switches.paused();
        await pause('deploy_to_production');
        return before;
      });
      await executor.accept(approvalOf(1));
      await expect
        .poll(() => world.execution(of(1)), soon)
        .toMatchObject({
          status: 'queued',
          held_by: { code: 'kill_switch' },
          attempts: [{ outcome: 'failed', begun: false }],
        });
      expect(begun()).toEqual([]);
      world.open().pool.start();
      await resume('deploy_to_production');
      await expect.poll(begun, soon).toEqual([of(1)]);
      end(of(1));
      await expect.poll(() => statusOf(1), soon).toBe('succeeded');
    });

    it('do not hide that a worker is gone', async () => {
      const { executor } = world.open();
      await executor.accept(approvalOf(1));
      await pause(null);
      world.open().pool.start();
      world.clock = after(world.clock, 30_000);
      await expect.poll(() => statusOf(1), soon).toBe('outcome_unknown');
    });
  });
});
