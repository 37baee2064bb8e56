import { describe, expect, it } from 'vitest';
import { lineRun, pausedLine } from '../runs/line-run.js';
import { outputsIn } from '../runs/model-plans.js';
import type { World } from '../world/world.js';

/** What the rules of the file make of a call. */
export function ruleScenarios(world: World): void {
  describe('the rules', () => {
    it('approve by themselves, the first that matches, and say so in the record', async () => {
      const { input, line } = lineRun(world, 'routine');
      const { run_id } = await world.start(input);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
      expect((await world.client.approvals.list({ run_id })).data).toMatchObject([
        {
          status: 'approved',
          approval_type: 'audit',
          policy: { rule: 'routine', outcome: 'approve' },
          resolved_by: null,
          decisions: [],
          signature: expect.any(String),
        },
      ]);
    });

    it('reject by themselves, and the model receives why', async () => {
      const { input, line } = lineRun(world, 'forbidden');
      const { run_id } = await world.start(input);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', tools: [{ confirmed: false }] });
      expect(world.timesWritten(line)).toBe(0);
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringContaining('Nobody writes such lines.')]);
      expect((await world.client.approvals.list({ run_id })).data).toMatchObject([
        { status: 'rejected', policy: { rule: 'forbidden', outcome: 'reject' }, resolved_by: null },
      ]);
    });

    it('leave other calls to the default: one person, whoever it is', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      expect(approval).toMatchObject({ policy: { rule: null, outcome: 'require' }, required_approvals: 1 });
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });

    it('may ask for a reason', async () => {
      const { run, approval } = await pausedLine(world, 'explained');
      const reject = (note?: string) =>
        world.client.resolve(approval.id, 'rejected', 'ada', note === undefined ? undefined : { note });
      await expect(reject()).rejects.toMatchObject({ status: 422, detail: expect.stringContaining('reason') });
      await expect(reject('  ')).rejects.toMatchObject({ status: 422 });
      expect(await reject('not today')).toMatchObject({ status: 'rejected', decisions: [{ note: 'not today' }] });
      await world.ended(run.run_id);
    });

    it('may let people edit the arguments, which fit the tool, are recorded beside the others, and count', async () => {
      const { run, approval, input, line } = await pausedLine(world, 'draft');
      const edited = `${line} edited`;
      const approve = (tool_args: Record<string, unknown>) =>
        world.client.resolve(approval.id, 'approved', 'ada', { tool_args });
      await expect(approve({ line: '' })).rejects.toMatchObject({ status: 422 });
      await expect(approve({ line: edited, more: 1 })).rejects.toMatchObject({ status: 422 });
      expect(await approve({ line: edited })).toMatchObject({ tool_args: { line }, approved_args: { line: edited } });
      expect(await world.ended(run.run_id)).toMatchObject({
        status: 'COMPLETED',
        tools: [{ tool_args: { line: edited } }],
      });
      expect([world.timesWritten(line), world.timesWritten(edited)]).toEqual([0, 1]);
      expect(outputsIn(world.lastRequest(input))).toEqual([
        expect.stringContaining(`line was "${line}" and is "${edited}"`),
      ]);
    });

    it('let nobody edit where they do not say so', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      const resolution = { tool_args: { line: 'another' } };
      await expect(world.client.resolve(approval.id, 'approved', 'ada', resolution)).rejects.toMatchObject({
        status: 403,
      });
      await world.client.cancelRun(run.run_id, 'only a test', 'worker');
    });
  });
}
