import { describe, expect, it } from 'vitest';
import { call, wants } from '../runs/model-plans.js';
import { eventually } from '../world/eventually.js';
import { aLine, type World } from '../world/world.js';

/** What was shown is what runs, or it is asked again. */
export function previewScenarios(world: World): void {
  describe('what a call was shown to do', () => {
    const shown = (id: string) =>
      eventually('the preview', async () => {
        const approval = await world.client.approvals.get(id);
        return approval.preview?.status === 'shown' && approval;
      });

    it('is what runs: where it would do something else by then, people are asked again and see both', async () => {
      const line = aLine();
      const input = world.plans.plan(`append ${line}`, wants(call('append', { line })));
      const { run, approval } = await world.startPaused(input);
      const first = await shown(approval.id);
      expect(first.preview).toMatchObject({ output: expect.stringContaining('written 0 times'), before: null });
      world.write(line);
      await world.client.resolve(approval.id, 'approved', 'ada', undefined, first.digest);
      const again = await eventually('another approval', async () => {
        const { data } = await world.client.approvals.list({ run_id: run.run_id, status: 'pending' });
        return data.find(({ id }) => id !== approval.id);
      });
      expect(await world.client.executions.get(approval.id)).toMatchObject({
        status: 'failed',
        error_code: 'preview_changed',
      });
      const second = await shown(again.id);
      expect(second.preview).toMatchObject({
        output: expect.stringContaining('written 1 times'),
        before: { approval_id: approval.id, output: expect.stringContaining('written 0 times') },
      });
      expect(world.timesWritten(line)).toBe(1);
      await world.client.resolve(again.id, 'approved', 'ada', undefined, second.digest);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(2);
    });
  });
}
