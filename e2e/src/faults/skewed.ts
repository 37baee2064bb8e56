import type { Approval } from '@countersign/contracts/approvals';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvedCalls, executionOnce } from '../executions/executor-calls.js';
import { World, type MakeStack } from '../world/world.js';

/** Two executors, one with a clock two minutes ahead: each leaves the other its calls for as long as they take. */
export function describeSkewed(name: string, makeStack: MakeStack): void {
  describe(`A clock that is wrong on ${name}`, () => {
    const world = new World(makeStack, {}, 'executor.yaml');
    beforeAll(() => world.open(), 120_000);
    afterAll(() => world.close());

    it('takes no call from anybody, and is reported', async () => {
      const longerThanLease = Array.from({ length: 4 }, () => ({ takes: '3000' }));
      const { run, approvals } = await approvedCalls(world, 'deploy', ...longerThanLease);
      const executions = await Promise.all(
        approvals.map((approval: Approval) => executionOnce(world, approval, 'succeeded', 'failed', 'outcome_unknown')),
      );
      for (const execution of executions)
        expect(execution).toMatchObject({ status: 'succeeded', attempts: [{ outcome: 'succeeded' }] });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });

      const said = await Promise.all(
        world.stack
          .children('executor')
          .map(async ({ url }) => (await (await fetch(`${url}/health/ready`)).json()) as object),
      );
      expect(said).toContainEqual(
        expect.objectContaining({
          status: 'degraded',
          checks: expect.objectContaining({ clock: expect.stringMatching(/^clock_skew: .* 1(19|20) s ahead/) }),
        }),
      );
      expect(said).toContainEqual(expect.objectContaining({ status: 'ok' }));
    });
  });
}
