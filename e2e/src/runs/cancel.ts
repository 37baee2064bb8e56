import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { call, wants } from './model-plans.js';
import { aLine, type World } from '../world/world.js';

/** A run that is cancelled, at each moment. */
export function cancelScenarios(world: World): void {
  describe('a run that is cancelled', () => {
    const cancel = async (runId: string) => {
      expect(await world.client.cancelRun(runId, 'changed my mind', 'worker')).toMatchObject({
        status: 'CANCELLED',
        error: 'changed my mind',
      });
    };

    it('stops asking the model', async () => {
      const { run_id } = await world.start(world.plans.plan('think for ever', 'hang'));
      await expect.poll(() => world.model.open).toBe(1);
      await cancel(run_id);
      await expect.poll(() => world.model.open).toBe(0);
    });

    it('over the bus stops asking the model as well', async () => {
      const { run_id } = await world.start(world.plans.plan('think for ever', 'hang', 'hang'));
      await expect.poll(() => world.model.open).toBe(1);
      const stop = { run_id, reason: 'stop' };
      const command = await world.client.command('run.cancel_requested', stop, 'platform', { roles: ['admin'] });
      const value = Buffer.from(JSON.stringify(command));
      await world.stack.withBus((bus) =>
        bus.publish([{ topic: 'run.cancel_requested', key: run_id, headers: {}, value }]),
      );
      expect(await world.ended(run_id)).toMatchObject({ status: 'CANCELLED', error: 'stop' });
      await expect.poll(() => world.model.open).toBe(0);
    });

    it('makes no further call, and learns how the one ended that was being made', async () => {
      const line = aLine();
      const until = world.gate();
      const input = world.plans.plan('look long', wants(call('look_up', { line, until: until.path })));
      const { run_id } = await world.start(input);
      await expect.poll(() => world.timesWritten(line)).toBe(1);
      await cancel(run_id);
      until.open();
      expect(await reported(run_id)).toMatchObject({ status: 'CANCELLED', tools: [{ result: `wrote ${line}` }] });
      expect(world.plans.requests(input)).toHaveLength(1);
    });

    it('while it waits for somebody voids what it asked for', async () => {
      const line = aLine();
      const { run, approval } = await world.startPaused(
        world.plans.plan('write a line', wants(call('write_line', { line }))),
      );
      const events = await world.client.watchRun(run.run_id);
      await cancel(run.run_id);
      expect((await events.all()).at(-1)).toMatchObject({ event: 'RunCancelled', data: { reason: 'changed my mind' } });
      await eventually(
        'the approval to be void',
        async () => (await world.client.approvals.get(approval.id)).status === 'cancelled',
      );
      await expect(world.client.resolve(approval.id, 'approved', 'ada')).rejects.toMatchObject({ status: 409 });
      expect(world.timesWritten(line)).toBe(0);
    });

    it('takes back a deployment that is queued, and learns how one ended that was under way', async () => {
      const until = world.gate();
      const executors = world.stack.children('executor').length;
      const slow = await Promise.all(Array.from({ length: executors }, () => deployment(until.path)));
      await eventually('every executor to be busy', async () =>
        slow.every(({ line }) => world.timesWritten(line) === 1),
      );
      const queued = await deployment();
      const statusOf = async (run_id: string) => (await world.client.executions.list({ run_id })).data[0]?.status;
      await eventually('it to be queued', async () => (await statusOf(queued.run.run_id)) === 'queued');

      await cancel(queued.run.run_id);
      await eventually('it to be taken back', async () => (await statusOf(queued.run.run_id)) === 'cancelled');
      const [first, ...others] = slow;
      await cancel(first!.run.run_id);
      expect(await statusOf(first!.run.run_id)).toBe('running');

      until.open();
      expect(await reported(first!.run.run_id)).toMatchObject({
        status: 'CANCELLED',
        tools: [{ result: `wrote ${first!.line}`, tool_call_error: false }],
      });
      for (const { run } of others) expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      const after = await deployment();
      expect(await world.ended(after.run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(queued.line)).toBe(0);
    });

    /** The run once its first call has a result. */
    const reported = (runId: string) =>
      eventually('the result to be reported', async () => {
        const run = await world.client.runs.get(runId);
        return run.tools[0]!.result !== null && run;
      });

    /** A run whose deployment is approved. */
    async function deployment(until?: string) {
      const line = aLine();
      const { run, approval } = await world.startPaused(
        world.plans.plan('deploy', wants(call('deploy', { line, until }))),
      );
      await world.client.resolve(approval.id, 'approved', 'ada');
      return { line, run };
    }
  });
}
