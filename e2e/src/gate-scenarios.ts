import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { callScenarios } from './gate-scenarios.calls.js';
import { describeFairQueues, edgeScenarios, spyToken } from './gate-scenarios.edge.js';
import { exactScenarios } from './gate-scenarios.exact.js';
import { seenScenarios } from './gate-scenarios.seen.js';
import { requestScenarios } from './gate-scenarios.requests.js';
import { replayScenarios } from './gate-scenarios.replay.js';
import { ruleGateScenarios } from './gate-scenarios.rules.js';
import { sessionScenarios } from './gate-scenarios.sessions.js';
import { identityScenarios } from './gate-scenarios.identity.js';
import { startRefunds, type Refunds } from './refunds.js';
import { World, type MakeStack } from './world.js';

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
