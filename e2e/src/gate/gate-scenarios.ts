import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { callScenarios } from './calls.js';
import { describeFairQueues, edgeScenarios, spyToken } from './edge.js';
import { exactScenarios } from './exact.js';
import { previewScenarios } from './previews.js';
import { seenScenarios } from './seen.js';
import { requestScenarios } from './requests.js';
import { replayScenarios } from './replay.js';
import { ruleGateScenarios } from './rules.js';
import { sessionScenarios } from './sessions.js';
import { identityScenarios } from './identity.js';
import { startRefunds, type Refunds } from './refunds.js';
import { World, type MakeStack } from '../world/world.js';

/** What attackers try, with means of their own, and what comes of it. Told once and held on every stack. */
export function describeGateScenarios(name: string, makeStack: MakeStack): void {
  describe(`The gate on ${name}`, () => {
    const world = new World(makeStack, { SPY_TOKEN: spyToken }, 'gate.yaml');
    let refunds: Refunds;
    beforeAll(async () => {
      refunds = await startRefunds();
      for (const place of ['http://127.0.0.1:1/', 'http://127.0.0.1:2/']) world.redefine(place, refunds.url);
      await world.open();
    }, 120_000);
    afterEach(() => world.stack?.start());
    afterAll(async () => {
      await world.close();
      await refunds?.stop();
    });

    exactScenarios(world, () => refunds);
    seenScenarios(world);
    previewScenarios(world);
    requestScenarios(world);
    ruleGateScenarios(world);
    sessionScenarios(world);
    identityScenarios(world);
    replayScenarios(world);
    edgeScenarios(world);
    callScenarios(world);
  });
  describeFairQueues(makeStack);
}
