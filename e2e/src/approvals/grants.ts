import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { forged, putAside } from '../gate/forgery.js';
import { lineRun, pausedLine } from '../runs/line-run.js';
import type { World } from '../world/world.js';

/** Approvals of calls to come. */
export function grantScenarios(world: World): void {
  const grantOf = (approvalId: string) =>
    eventually('the grant', async () =>
      (await world.client.grants.list({ tool_name: 'write_line' })).data.find(
        ({ approval_id }) => approval_id === approvalId,
      ),
    );

  describe('a standing grant', () => {
    it('lets the same call through without asking, until somebody revokes it', async () => {
      const { run, approval, line } = await pausedLine(world, 'standing');
      await world.client.resolve(approval.id, 'approved', 'ada', { grant: { expires_in: 3_600 } });
      await world.ended(run.run_id);
      const grant = await grantOf(approval.id);
      expect(grant).toMatchObject({ agent_id: 'worker', arguments: { line }, created_by: 'ada', revoked_at: null });

      const second = await world.start(lineRun(world, 'standing', line).input);
      expect(await world.ended(second.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(2);
      const [record] = (await world.client.approvals.list({ run_id: second.run_id })).data;
      expect(record).toMatchObject({ status: 'approved', grant_id: grant.id, resolved_by: null, decisions: [] });
      await eventually('the use to be recorded', async () => {
        const { uses } = await grantOf(approval.id);
        return uses.some(({ approval_id }) => approval_id === record!.id);
      });

      const grace = await world.client.for('grace');
      expect(await grace.grants.revoke(grant.id)).toMatchObject({
        revoked_by: 'grace',
        revoked_at: expect.any(Number),
      });
      const third = await pausedLine(world, 'standing', {}, line);
      expect(third.approval).toMatchObject({ status: 'pending', grant_id: null });
      await world.client.cancelRun(third.run.run_id, 'only a test', 'worker');
    });

    it('is not given where the rules do not allow it', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      const resolution = { grant: { expires_in: 3_600 } };
      await expect(world.client.resolve(approval.id, 'approved', 'ada', resolution)).rejects.toMatchObject({
        status: 403,
      });
      await world.client.cancelRun(run.run_id, 'only a test', 'worker');
    });

    it('does not come from a decision that is forged', async () => {
      const { run, approval } = await pausedLine(world, 'standing');
      const resolution_data = { grant: { expires_in: 3_600, arguments: {} } };
      await world.stack.withBus((bus) => bus.publish([forged(approval, { resolution_data })]));
      await putAside(world.stack, 'agent-runner', run.run_id, 1);
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      await eventually('the approvals to know that the run is over', async () => {
        return (await world.client.approvals.get(approval.id)).run_status === 'COMPLETED';
      });
      const { data } = await world.client.grants.list({ tool_name: 'write_line' });
      expect(data.filter(({ approval_id }) => approval_id === approval.id)).toEqual([]);
    });
  });
}
