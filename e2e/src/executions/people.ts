import type { Approval } from '@countersign/contracts/approvals';
import { beforeAll, describe, expect, it } from 'vitest';
import { approvedCalls, executionOnce, started } from './executor-calls.js';
import { outputsIn } from '../runs/model-plans.js';
import type { World } from '../world/world.js';

/** What only a person can say of a call. */
export function peopleOfExecutionScenarios(world: World): void {
  describe('a call whose worker died while it was made', () => {
    const tools = ['deploy', 'deploy_again', 'deploy_asking'] as const;
    type Abandoned = Record<(typeof tools)[number], Awaited<ReturnType<typeof approvedCalls>>>;
    let abandoned: Abandoned;
    const approvalOf = (tool: keyof Abandoned) => abandoned[tool].approvals[0] as Approval;
    const hasEnded = async (tool: keyof Abandoned) =>
      expect(await world.ended(abandoned[tool].run.run_id)).toMatchObject({ status: 'COMPLETED' });

    /** One of each tool: begun, and left behind by `kill -9` of all executors; the target goes on by itself. */
    beforeAll(async () => {
      const gate = world.gate();
      const begin = async (tool: string) => [tool, await approvedCalls(world, tool, { until: gate.path })] as const;
      abandoned = Object.fromEntries(await Promise.all(tools.map(begin))) as Abandoned;
      await started(world, tools.map(approvalOf));
      await world.stack.kill('executor');
      await world.stack.start();
      gate.open();
    }, 60_000);

    it('is parked, and is started again only when a person says that a second start does no harm', async () => {
      const approval = approvalOf('deploy');
      await executionOnce(world, approval, 'outcome_unknown');
      const again = { note: 'Nothing came of it.' };
      await expect(world.client.executions.retry(approval.id, again)).rejects.toMatchObject({ status: 422 });
      expect(world.startsOf(approval)).toEqual([1]);
      await world.client.executions.retry(approval.id, { ...again, even_if_done: true });
      await hasEnded('deploy');
      expect(world.startsOf(approval)).toEqual([1, 2]);
      expect(await world.client.executions.get(approval.id)).toMatchObject({
        status: 'succeeded',
        attempts: [{ outcome: 'outcome_unknown' }, { outcome: 'succeeded' }],
      });
    });

    it('is started again by itself where its tool allows it, with the same key and a higher number', async () => {
      await hasEnded('deploy_again');
      expect(world.startsOf(approvalOf('deploy_again'))).toEqual([1, 2]);
    });

    it('needs nobody where the target can be asked what came of it', async () => {
      await hasEnded('deploy_asking');
      const approval = approvalOf('deploy_asking');
      expect(world.startsOf(approval)).toEqual([1]);
      expect(await world.client.executions.get(approval.id)).toMatchObject({
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
      await world.client.executions.cancel(approval.id, 'not today');
      await world.client.turn('resume', 'deploy');
      await world.ended(run.run_id);
      expect(await world.client.executions.get(approval.id)).toMatchObject({ status: 'cancelled', attempts: [] });
      expect(world.startsOf(approval)).toEqual([]);
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringContaining('not today')]);
    });

    it('while it is made is stopped, and a person says what came of it', async () => {
      const gate = world.gate();
      const { input, run, approvals } = await approvedCalls(world, 'deploy', { until: gate.path });
      const [approval] = approvals as [Approval];
      await started(world, approvals);
      await world.client.executions.cancel(approval.id, 'the wrong one');
      const parked = await executionOnce(world, approval, 'outcome_unknown');
      expect(parked.error).toContain('the wrong one');
      await world.client.settle(approval.id, 'failed', 'It was stopped in time.');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringContaining('It was stopped in time.')]);
      await expect(world.client.settle(approval.id, 'succeeded', 'no')).rejects.toMatchObject({ status: 409 });
      await expect(world.client.executions.retry(approval.id, { note: 'no' })).rejects.toMatchObject({ status: 409 });
      expect(world.ledger().filter(({ what, id }) => what === 'end' && id === approval.id)).toEqual([]);
    });
  });

  it('a call that a person makes waits for what they report of it', async () => {
    const { input, run, approvals } = await approvedCalls(world, 'deploy_by_hand', {});
    const [approval] = approvals as [Approval];
    await executionOnce(world, approval, 'awaiting_report');
    await world.client.executions.report(approval.id, { outcome: 'succeeded', result: 'I rolled it out by hand.' });
    expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    expect(outputsIn(world.lastRequest(input))).toEqual(['I rolled it out by hand.']);
    expect(world.startsOf(approval)).toEqual([]);
  });

  it('whoever watches a run sees what its call prints and how far it is, on any instance', async () => {
    const gate = world.gate();
    const { run, approvals } = await approvedCalls(world, 'deploy', {});
    await world.ended(run.run_id);
    const { run: watched } = await approvedCalls(world, 'deploy', { until: gate.path, takes: '300' });
    const stream = await world.client.watchRun(watched.run_id);
    const { data } = await stream.next('ToolCallProgress');
    expect(data).toMatchObject({ tool_name: 'deploy', percent: 50, message: 'half of it', attempt: 1 });
    gate.open();
    const names = (await stream.all()).map(({ event }) => event);
    expect(names.at(-1)).toBe('RunCompleted');
    expect(approvals).toHaveLength(1);
  });
}
