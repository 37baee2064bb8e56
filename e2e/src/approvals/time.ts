import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedLine } from '../runs/line-run.js';
import { outputsIn } from '../runs/model-plans.js';
import { eventsOf } from '../world/stack.js';
import type { World } from '../world/world.js';

/** What happens when nobody decides. */
export function timeScenarios(world: World): void {
  describe('an approval that waits', () => {
    it('expires at its time, also when everything was restarted before, and the model receives it', async () => {
      const { run, approval, input, line } = await pausedLine(world, 'urgent');
      expect(approval.expires_at).toBe(approval.created_at + 5);
      await world.stack.stop();
      await world.stack.start();
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      const expired = await world.client.approvals.get(approval.id);
      expect(expired).toMatchObject({ status: 'expired', resolved_by: null, expires_at: approval.expires_at });
      expect(expired.resolved_at).toBeGreaterThanOrEqual(approval.expires_at!);
      await expect(world.client.resolve(approval.id, 'approved', 'ada')).rejects.toMatchObject({ status: 409 });
      expect(world.timesWritten(line)).toBe(0);
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringMatching(/in time|expired/)]);
    });

    it('reminds those who may decide, and then others may as well', async () => {
      const { run, approval } = await pausedLine(world, 'slow');
      await expect(world.client.resolve(approval.id, 'approved', 'ada')).rejects.toMatchObject({ status: 403 });
      await eventually('a reminder and the escalation', async () => {
        const { escalated_at, remind_at } = await world.client.approvals.get(approval.id);
        return escalated_at !== null && remind_at! > approval.remind_at!;
      });
      const approved = await world.client.resolve(approval.id, 'approved', 'mona');
      expect(approved).toMatchObject({ status: 'approved', decisions: [{ by: 'mona' }] });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      const types = (await eventsOf(world.stack, run.run_id)).map(({ type }) => type);
      expect(types).toEqual(expect.arrayContaining(['approval.reminder_due', 'approval.escalated']));
    });

    it('is void once its run is cancelled, however many have approved', async () => {
      const { run, approval, line } = await pausedLine(world, 'critical');
      await world.client.resolve(approval.id, 'approved', 'olga');
      await world.client.cancelRun(run.run_id, 'changed my mind', 'worker');
      const cancelled = await eventually('the approval to be void', async () => {
        const seen = await world.client.approvals.get(approval.id);
        return seen.status === 'cancelled' && seen;
      });
      expect(cancelled).toMatchObject({ run_status: 'CANCELLED', decisions: [{ by: 'olga' }] });
      await expect(world.client.resolve(approval.id, 'approved', 'oscar')).rejects.toMatchObject({ status: 409 });
      expect(world.timesWritten(line)).toBe(0);
    });
  });
}
