import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World, type MakeStack } from '../world/world.js';

/** A stack of its own, since nothing else could work meanwhile. */
export function describeFullQueue(makeStack: MakeStack): void {
  describe('A runner whose queue is full', () => {
    const world = new World(makeStack, { RUNNER_CONCURRENCY: '1', RUNNER_QUEUE_LIMIT: '2' });
    beforeAll(() => world.open(), 120_000);
    afterAll(() => world.close());

    it('refuses more runs, says when to try again, and takes them once there is room', async () => {
      const busy = await world.start(world.plans.plan('think', 'hang'));
      await expect.poll(() => world.model.open).toBe(1);
      const waiting = [await world.start(world.plans.plan('wait')), await world.start(world.plans.plan('wait'))];
      const { runs } = world.client.origins;
      const refused = await fetch(`${runs}/agents/worker/runs`, {
        method: 'POST',
        headers: { ...world.client.admin, 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'one too many' }),
      });
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('Try again later') });

      await world.client.cancelRun(busy.run_id, 'enough', 'worker');
      for (const { run_id } of waiting) expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
      const { run_id } = await world.start(world.plans.plan('try again'));
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
    });
  });
}
