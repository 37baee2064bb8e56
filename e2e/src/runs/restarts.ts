import { describe, expect, it } from 'vitest';
import { isReady } from '../world/child.js';
import { eventually } from '../world/eventually.js';
import { executionOnce } from '../executions/executor-calls.js';
import { call, outputsIn, wants } from './model-plans.js';
import { aLine, type World } from '../world/world.js';

/** What holds across the lives of the services. */
export function restartScenarios(world: World): void {
  describe('after a restart', () => {
    it('a run goes on with the definition that it started with, unless a call would mean something else', async () => {
      const ask = (agent: string, name: string, args: object) =>
        world.startPaused(world.plans.plan(name, wants(call(name, args))), 0, { agent });
      const pinned = await ask('pinned', 'look_yourself', { where: 'here' });
      const changing = await ask('changing', 'measure', { metres: 50 });
      await world.stack.stop();
      world.redefine('You follow the first instructions.', 'You follow the second instructions.');
      world.redefine('maximum: 100', 'maximum: 10');
      await world.stack.start();

      const answer = async ({ run }: typeof pinned) => {
        await world.client.runs.continue(run, { tools: [{ ...run.tools[0]!, result: 'seen' }] });
        return world.ended(run.run_id);
      };
      const before = await answer(pinned);
      expect(before).toMatchObject({ status: 'COMPLETED', content: 'Done.' });
      expect(world.lastRequest(pinned.run.run_input)!.instructions).toBe('You follow the first instructions.');
      expect(await answer(changing)).toMatchObject({
        status: 'ERROR',
        error: expect.stringContaining('tool "measure": parameters.properties.metres.maximum was 100 and is 10'),
      });
      const fresh = await world.start(world.plans.plan('hello'), { agent: 'pinned' });
      const after = await world.ended(fresh.run_id);
      expect(world.lastRequest(fresh.run_input)!.instructions).toBe('You follow the second instructions.');
      const agents = await world.client.agents.list();
      const version = agents.find(({ id }) => id === 'pinned')!.version;
      expect([before.agent_version === version, after.agent_version === version]).toEqual([false, true]);
    });

    it('in good order a call that was being made is over', async () => {
      const until = world.gate();
      const line = aLine();
      const input = world.plans.plan('write', wants(call('write_line', { line, until: until.path })));
      const { run, approval } = await world.startPaused(input);
      await world.client.resolve(approval.id, 'approved', 'ada');
      await expect.poll(() => world.timesWritten(line), { timeout: 10_000 }).toBe(1);
      const { url } = world.stack.children('executor')[0]!;
      const stopped = world.stack.stop('executor');
      await eventually('the stop to begin', async () => !(await isReady(url)));
      until.open();
      await stopped;
      await world.stack.start();
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(outputsIn(world.lastRequest(input))).toEqual([`wrote ${line}`]);
      expect(world.timesWritten(line)).toBe(1);
    });

    it('a call that was approved is not made again when its end was not seen; any other is', async () => {
      const until = world.gate();
      const [gated, free] = [aLine(), aLine()];
      const approved = world.plans.plan('write', wants(call('write_line', { line: gated, until: until.path })));
      const { run, approval } = await world.startPaused(approved);
      await world.client.resolve(approval.id, 'approved', 'ada');
      const looking = world.plans.plan('look', wants(call('look_up', { line: free, until: until.path })));
      const { run_id } = await world.start(looking);
      await expect
        .poll(() => [gated, free].map((line) => world.timesWritten(line)), { timeout: 10_000 })
        .toEqual([1, 1]);

      await Promise.all([world.stack.kill('executor'), world.stack.kill('agent-runner')]);
      until.open();
      await world.stack.start();
      await executionOnce(world, approval, 'outcome_unknown');
      expect(await world.client.runs.get(run.run_id)).toMatchObject({ status: 'PAUSED' });
      await world.client.settle(approval.id, 'succeeded', 'The line is there.');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED', tools: [{ tool_call_error: false }] });
      expect(outputsIn(world.lastRequest(approved))).toEqual([expect.stringContaining('The line is there.')]);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', tools: [{ tool_call_error: false }] });
      expect(outputsIn(world.lastRequest(looking))).toEqual([`wrote ${free}`]);
      expect([gated, free].map((line) => world.timesWritten(line))).toEqual([1, 2]);
    });
  });
}
