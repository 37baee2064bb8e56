import type { Message } from '@countersign/messaging';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedLine } from '../runs/line-run.js';
import type { World } from '../world/world.js';

/** Nobody signs another call than the one that they saw. */
export function seenScenarios(world: World): void {
  describe('what somebody saw', () => {
    it('is what they decide on, however they decide: what others have changed meanwhile is looked at again', async () => {
      const { run, approval, line } = await pausedLine(world, 'shared');
      const resolution_data = { tool_args: { line: `shared ${line} and more` } };
      await world.client.resolve(approval.id, 'approved', 'olga', resolution_data, approval.digest);
      const changed = await world.client.approvals.get(approval.id);
      expect(changed).toMatchObject({
        status: 'pending',
        tool_args: { line },
        approved_args: resolution_data.tool_args,
      });

      // A program that hands on what is asked for now in the name of somebody who saw what was asked for before.
      const [id, { digest }] = [approval.id, approval];
      await expect(world.client.resolve(id, 'approved', 'oscar', resolution_data, digest)).rejects.toMatchObject({
        status: 409,
        code: 'call_changed',
        detail: expect.stringContaining('look at it again'),
      });
      const many = async (seen: string) => {
        const oscar = await world.client.for('oscar');
        return oscar.resolveMany([id], 'approved', { digests: { [id]: seen }, resolution_data });
      };
      expect(await many(digest)).toMatchObject({ results: [{ status: 409, code: 'call_changed' }] });
      const said = { approval_id: id, status: 'approved', resolution_data, digest };
      const command = await world.client.command('approval.resolve_requested', said, 'oscar');
      const message: Message = {
        topic: 'approval.resolve_requested',
        key: run.run_id,
        headers: {},
        value: Buffer.from(JSON.stringify(command)),
      };
      await world.stack.withBus((bus) => bus.publish([message]));
      const refused = await eventually('the refusal', async () =>
        (await world.client.events.list({ type: ['approval.resolve_refused'], run_id: run.run_id })).at(0),
      );
      expect(refused.data).toMatchObject({ code: 'call_changed' });
      expect(await world.client.approvals.get(id)).toMatchObject({ status: 'pending', decisions: [{ by: 'olga' }] });

      expect(await many(changed.digest)).toMatchObject({ results: [{ status: 200 }] });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect([line, resolution_data.tool_args.line].map((each) => world.timesWritten(each))).toEqual([0, 1]);
    });
  });
}
