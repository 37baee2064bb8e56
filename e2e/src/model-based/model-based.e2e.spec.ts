import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { stories, type Memory } from './commands.js';
import { EmbeddedStack } from '../world/stack.js';
import { World } from '../world/world.js';

/** As many stories as fit into this time. */
const time = 15_000;

describe('approvals over HTTP', () => {
  const world = new World((options) => new EmbeddedStack(options), {}, 'model-based.yaml');
  beforeAll(() => world.open());
  afterAll(() => world.close());

  /** What was approved is done once, or lost from sight in a crash, which its run then says; and nothing else ever. */
  async function checkDeeds({ status, cancelled, line, run_id }: Memory[number]): Promise<void> {
    if (status === 'approved' && !cancelled)
      await eventually(
        `${line} to be written, or its run to know that nobody knows`,
        async () => world.timesWritten(line) > 0 || (await lostFromSight(run_id)),
      );
    expect(world.timesWritten(line)).toBeLessThanOrEqual(status === 'approved' ? 1 : 0);
  }

  async function lostFromSight(runId: string): Promise<boolean> {
    const { tools } = await world.client.runs.get(runId);
    return tools.some(({ result }) => result?.includes('UNKNOWN whether this call was made'));
  }

  it('are what their clients remember, whatever these do in which order, and across restarts', async () => {
    const until = Date.now() + time;
    let told = 0;
    const story = fc.asyncProperty(stories, async (steps) => {
      if (Date.now() > until) return;
      const memory: Memory = [];
      await fc.asyncModelRun(() => ({ model: memory, real: world }), steps);
      for (const approval of memory) await checkDeeds(approval);
      told += 1;
    });
    await fc.assert(story, { numRuns: 1_000, endOnFailure: true });
    expect(told).toBeGreaterThan(0);
  });
});
