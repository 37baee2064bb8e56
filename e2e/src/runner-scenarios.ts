import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { callerScenarios } from './runner-scenarios.caller.js';
import { cancelScenarios } from './runner-scenarios.cancel.js';
import { gateScenarios } from './runner-scenarios.gates.js';
import { modelScenarios } from './runner-scenarios.model.js';
import { restartScenarios } from './runner-scenarios.restarts.js';
import { sessionScenarios } from './runner-scenarios.sessions.js';
import { streamScenarios } from './runner-scenarios.streams.js';
import { World, type MakeStack } from './world.js';

/** What the runner promises of agents with tools of every kind, told once and held on every stack. */
export function describeRunnerScenarios(name: string, makeStack: MakeStack): void {
  describe(`The runner on ${name}`, () => {
    const world = new World(makeStack, { EXECUTOR_CONCURRENCY: '1' });
    beforeAll(() => world.open(), 120_000);
    afterEach(() => world.stack?.start());
    afterAll(() => world.close());

    gateScenarios(world);
    callerScenarios(world);
    modelScenarios(world);
    cancelScenarios(world);
    sessionScenarios(world);
    streamScenarios(world);
    restartScenarios(world);
  });
}
