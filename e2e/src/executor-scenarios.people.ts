import type { Approval } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { approvedCalls, executionOnce, started } from './executor-calls.js';
import { outputsIn } from './model-plans.js';
import type { World } from './world.js';

/** What only a person can say of a call. */
export function peopleOfExecutionScenarios(world: World): void {
  describe('a call whose worker died while it was made', () => {
    /** Begun, and left behind by `kill -9`; it goes on by itself once the gate is open. */
    async function abandoned(tool: string) {
      const gate = world.gate();
      const given = await approvedCalls(world, tool, { until: gate.path });
      await started(world, given.approvals);
      await world.stack.kill('executor');
      await world.stack.start();
      return { ...given, approval: given.approvals[0] as Approval, gate };
    }

    it('is parked, and is started again only when a person says that a second start does no harm', async () => {
      const { run, approval, gate } = await abandoned('deploy');
      await executionOnce(world, approval, 'outcome_unknown');
      const again = { note: 'Nothing came of it.' };
      await expect(world.client.tell(approval.id, 'retry', again)).rejects.toMatchObject({ status: 422 });
      expect(world.startsOf(approval)).toEqual([1]);
      gate.open();
      await world.client.tell(approval.id, 'retry', { ...again, even_if_done: true });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.startsOf(approval)).toEqual([1, 2]);
      expect(await world.client.execution(approval.id)).toMatchObject({
        status: 'succeeded',
        attempts: [{ outcome: 'outcome_unknown' }, { outcome: 'succeeded' }],
      });
    });

    it('is over when a person says what came of it, and the model is told', async () => {
      const { input, run, approval, gate } = await abandoned('deploy');
      await executionOnce(world, approval, 'outcome_unknown');
      await world.client.settle(approval.id, 'failed', 'The old version is still there.');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringContaining('The old version is still there.')]);
      await expect(world.client.settle(approval.id, 'succeeded', 'no')).rejects.toMatchObject({ status: 409 });
      await expect(world.client.tell(approval.id, 'retry', { note: 'no' })).rejects.toMatchObject({ status: 409 });
      expect(world.startsOf(approval)).toEqual([1]);
      gate.open();
    });

    it('is started again by itself where its tool allows it, with the same key and a higher number', async () => {
      const { run, approval, gate } = await abandoned('deploy_again');
      await started(world, [approval], 2);
      gate.open();
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.startsOf(approval)).toEqual([1, 2]);
    });

    it('needs nobody where the target can be asked what came of it', async () => {
      const { run, approval, gate } = await abandoned('deploy_asking');
      gate.open();
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.startsOf(approval)).toEqual([1]);
      expect(await world.client.execution(approval.id)).toMatchObject({
        status: 'succeeded',
        reconciled: { by: null },
      });
    });
  });

  describe('a call that somebody cancels', () => {
    it('before it has begun is not made', async () => {
      await world.client.turn('pause', 'deploy');
      const { input, run, approvals } = await approvedCalls(world, 'deploy', {});
      const [approval] = approvals as [Approval];
      await executionOnce(world, approval, 'queued');
      await world.client.tell(approval.id, 'cancel', { reason: 'not today' });
      await world.client.turn('resume', 'deploy');
      await world.ended(run.run_id);
      expect(await world.client.execution(approval.id)).toMatchObject({ status: 'cancelled', attempts: [] });
      expect(world.startsOf(approval)).toEqual([]);
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringContaining('not today')]);
    });

    it('while it is made is stopped, and a person says what came of it', async () => {
      const gate = world.gate();
      const { run, approvals } = await approvedCalls(world, 'deploy', { until: gate.path });
      const [approval] = approvals as [Approval];
      await started(world, approvals);
      await world.client.tell(approval.id, 'cancel', { reason: 'the wrong one' });
      const parked = await executionOnce(world, approval, 'outcome_unknown');
      expect(parked.error).toContain('the wrong one');
      await world.client.settle(approval.id, 'failed', 'It was stopped in time.');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.ledger().filter(({ what, id }) => what === 'end' && id === approval.id)).toEqual([]);
    });
  });

  it('a call that a person makes waits for what they report of it', async () => {
    const { input, run, approvals } = await approvedCalls(world, 'deploy_by_hand', {});
    const [approval] = approvals as [Approval];
    await executionOnce(world, approval, 'awaiting_report');
    await world.stack.stop('executor');
    await world.stack.start();
    await world.client.tell(approval.id, 'report', { outcome: 'succeeded', result: 'I rolled it out by hand.' });
    expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    expect(outputsIn(world.lastRequest(input))).toEqual(['I rolled it out by hand.']);
    expect(world.startsOf(approval)).toEqual([]);
  });

  it('whoever watches a run sees what its call prints and how far it is, on any instance', async () => {
    const gate = world.gate();
    const { run, approvals } = await approvedCalls(world, 'deploy', {});
    await world.ended(run.run_id);
    const { run: watched } = await approvedCalls(world, 'deploy', { until: gate.path, takes: '300' });
    const stream = await world.client.events(watched.run_id);
    const { data } = await stream.next('ToolCallProgress');
    expect(data).toMatchObject({ tool_name: 'deploy', percent: 50, message: 'half of it', attempt: 1 });
    gate.open();
    const names = (await stream.all()).map(({ event }) => event);
    expect(names.at(-1)).toBe('RunCompleted');
    expect(approvals).toHaveLength(1);
  });
}
