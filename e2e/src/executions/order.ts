import { describe, expect, it } from 'vitest';
import { isReady } from '../world/child.js';
import { eventually } from '../world/eventually.js';
import { approvedCalls, executionsOnce, places, started } from './executor-calls.js';
import type { World } from '../world/world.js';

/** When approved calls begin: not while somebody holds them, one at a time where that was asked for, each once. */
export function orderScenarios(world: World): void {
  describe('approved calls', () => {
    it('wait while their tool is paused, whichever instance has them, and begin when it is resumed', async () => {
      await world.client.turn('pause', 'deploy');
      const { run, approvals } = await approvedCalls(world, 'deploy', {}, {}, {});
      const { run: other, approvals: others } = await approvedCalls(world, 'deploy_again', {}, {}, {});
      await world.ended(other.run_id);
      const waiting = await executionsOnce(world, run, 'all to be queued', ({ length }) => length === 3);
      expect(waiting.map(({ status }) => status)).toEqual(['queued', 'queued', 'queued']);
      expect(others.map((approval) => world.startsOf(approval))).toEqual([[1], [1], [1]]);
      expect(approvals.flatMap((approval) => world.startsOf(approval))).toEqual([]);
      await world.client.turn('resume', 'deploy');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(approvals.map((approval) => world.startsOf(approval))).toEqual([[1], [1], [1]]);
    });

    it('wait while all tools are paused by a command over the bus, also through a restart', async () => {
      const command = async (topic: 'tool.pause_requested' | 'tool.resume_requested', more: object) => {
        const said = { tool_name: null, ...more };
        const value = Buffer.from(
          JSON.stringify(await world.client.command(topic, said, 'olga', { roles: ['operator'] })),
        );
        await world.stack.withBus((bus) => bus.publish([{ topic, key: '*', headers: {}, value }]));
      };
      const isPaused = async () =>
        (await world.client.executions.switches()).some((each) => each.tool_name === null && each.paused);
      await command('tool.pause_requested', { reason: 'an incident' });
      await eventually('all to be paused', isPaused);
      const { run, approvals } = await approvedCalls(world, 'deploy', {}, {});
      await executionsOnce(world, run, 'both to be queued', ({ length }) => length === 2);
      await world.stack.stop('executor');
      await world.stack.start();
      expect(approvals.flatMap((approval) => world.startsOf(approval))).toEqual([]);
      await command('tool.resume_requested', {});
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(approvals.map((approval) => world.startsOf(approval))).toEqual([[1], [1]]);
    });

    it('with the same concurrency key are made one at a time, in the order of their approval', async () => {
      const { run, approvals } = await approvedCalls(world, 'deploy_alone', ...copies(4, { takes: '150' }));
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      const ids = new Set(approvals.map(({ id }) => id));
      const entries = world.ledger().filter(({ id }) => ids.has(id));
      expect(entries.map(({ what }) => what)).toEqual(copies(4, ['start', 'end']).flat());
      for (const approval of approvals) expect(world.startsOf(approval)).toEqual([1]);
    });

    it('that have not begun are handed back by an executor that is stopped; it waits for those that have', async () => {
      const executors = [...world.stack.children('executor')];
      const gate = world.gate();
      const begun = places * executors.length;
      const { run, approvals } = await approvedCalls(world, 'deploy', ...copies(begun + 2, { until: gate.path }));
      await started(world, approvals, begun);
      const stopped = world.stack.stop('executor');
      await eventually('all executors to stop', async () => {
        const ready = await Promise.all(executors.map(({ url }) => isReady(url)));
        return !ready.includes(true);
      });
      gate.open();
      await stopped;
      for (const { ended } of executors) expect(await ended).toBe(0);
      const ids = new Set(approvals.map(({ id }) => id));
      const entries = world.ledger().filter(({ id }) => ids.has(id));
      expect(entries.filter(({ what }) => what === 'start')).toHaveLength(begun);
      expect(entries.filter(({ what }) => what === 'end')).toHaveLength(begun);
      await world.stack.start();
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      for (const approval of approvals) expect(world.startsOf(approval)).toEqual([1]);
    });
  });
}

const copies = <T>(count: number, of: T): T[] => Array.from({ length: count }, () => of);
