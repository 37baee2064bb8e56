import type { Approval } from '@countersign/contracts/approvals';
import type { Run } from '@countersign/contracts/runs';
import { after, millisOf, toEpochMillis } from '@countersign/contracts/time';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedRun } from '../world/flow.js';
import { serviceNames, type Stack } from '../world/stack.js';

/**
 * A store that forgot what was done, beside a log that remembers what was decided: nothing is done once more.
 *
 * @param isEmbedded of which the command line's own tests rebuild one
 */
export function describeForgotten(name: string, makeStack: () => Stack, { isEmbedded = false } = {}): void {
  describe(`A store that was emptied on ${name}`, () => {
    let stack: Stack;
    let approvals: Approval[];
    beforeAll(async () => {
      stack = makeStack();
      await stack.start();
      approvals = [await deployed(), await deployed()];
      await stack.stop();
      await stack.forget();
      await stack.rewind();
    }, 120_000);
    afterAll(() => stack?.close());

    async function deployed(): Promise<Approval> {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      expect(await stack.client.waitForRun(run.run_id, ['COMPLETED'])).toMatchObject({ status: 'COMPLETED' });
      return approval;
    }

    const startsOf = ({ id }: Approval) => stack.deployments().filter(({ release_id }) => release_id === id).length;
    const children = () => [...new Set(serviceNames.flatMap((service) => stack.children(service)))];
    const readinessOf = async (url: string) => {
      const response = await fetch(`${url}/health/ready`);
      const { checks } = (await response.json()) as { checks: Record<string, string> };
      return { status: response.status, checks };
    };

    it('is not ready, and says so, and nobody changes anything on it', async () => {
      await stack.boot();
      for (const { url, output } of children()) {
        await eventually('readiness to say what is wrong', async () =>
          (await readinessOf(url)).checks['installation']!.startsWith('store_forgotten'),
        );
        expect(await readinessOf(url)).toMatchObject({ status: 503 });
        expect(output()).toContain('"code":"store_forgotten"');
      }
      await expect(stack.client.startRun('Deploy billing v3.1 to production.')).rejects.toMatchObject({
        status: 503,
        code: 'not_ready',
      });
      await stack.stop();
    });

    it('is not said to hold without a hold outside of it, and executors do not start without that', async () => {
      await expect(stack.recover('--store-holds', 'we begin anew')).rejects.toThrow('EXECUTION_HOLD');
      stack.set({ EXECUTION_HOLD: 'we begin anew' });
      expect(await stack.recover('--store-holds', 'we begin anew')).toMatch(/being recovered since .*: we begin anew/);
      stack.set({ EXECUTION_HOLD: undefined });
      await stack.boot();
      const [executor] = stack.children('executor');
      await eventually('the executor to say what it waits for', async () =>
        (await readinessOf(executor!.url)).checks['installation']!.startsWith('hold_missing'),
      );
      await stack.stop('executor');
    });

    it('holds once that is said: what was decided before waits for a person, and nothing is done once more', async () => {
      stack.set({ EXECUTION_HOLD: 'we begin anew' });
      await stack.start();
      for (const { id } of approvals) {
        const execution = await eventually('the decision to be found', () => stack.client.executions.get(id));
        expect(execution).toMatchObject({ status: 'outcome_unknown', attempts: [] });
      }
      expect(await stack.client.executions.switches()).toMatchObject([
        { tool_name: null, paused: true, reason: 'we begin anew', by: 'EXECUTION_HOLD' },
      ]);
      await stack.client.turn('resume', null);
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      const held = await eventually('the call to be held', async () => {
        const execution = await stack.client.executions.get(approval.id);
        return execution.held_by?.code === 'kill_switch' && execution;
      });
      expect(held).toMatchObject({ status: 'queued', attempts: [] });

      await stack.stop();
      await stack.recover('--finish');
      stack.set({ EXECUTION_HOLD: undefined });
      await stack.start();
      expect(await stack.client.waitForRun(run.run_id, ['COMPLETED'])).toMatchObject({ status: 'COMPLETED' });
      expect([...approvals, approval].map(startsOf)).toEqual([1, 1, 1]);
      approvals.push(approval);
    });

    if (isEmbedded) return;
    it('has what became of its calls again once it is rebuilt, and makes none once more', async () => {
      const { run } = await pausedRun(stack.client);
      await stack.stop();
      stack.set({ EXECUTION_HOLD: 'rebuilt' });
      // As of a time before the last run the log would have nothing of it.
      const before = new Date(after(toEpochMillis(run.created_at), millisOf(-1))).toISOString();
      expect(await stack.rebuild('log', '--until', before)).toMatchObject({ ended: [run.run_id] });
      const [late] = await stack.withDatabase((database) =>
        database
          .collection<Run>({ name: 'runs', key: 'run_id', indexes: [] })
          .store.find({ filter: { run_id: run.run_id }, sort: [], limit: 1 }),
      );
      expect(late).toMatchObject({ status: 'PAUSED', deadline_at: Date.parse(before), due_at: Date.parse(before) });
      await stack.forget();
      const all = { rebuilt: 3, there: 0 };
      const { not_believed, ...report } = await stack.rebuild('store');
      expect(report).toMatchObject({ executions: all, outcome_unknown: [] });
      // What others have left on the log is signed with keys that are none of these.
      expect(not_believed.filter(({ id }) => approvals.some((each) => [each.id, each.run_id].includes(id)))).toEqual(
        [],
      );
      await stack.start();
      for (const { id, run_id } of approvals) {
        expect(await stack.client.approvals.get(id)).toMatchObject({ status: 'approved', resolved_by: 'ada' });
        expect(await stack.client.executions.get(id)).toMatchObject({ status: 'succeeded' });
        expect(await stack.client.waitForRun(run_id, ['COMPLETED'])).toMatchObject({ status: 'COMPLETED' });
      }
      expect(approvals.map(startsOf)).toEqual([1, 1, 1]);
    });
  });
}
