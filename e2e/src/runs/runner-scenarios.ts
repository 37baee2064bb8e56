import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { callerScenarios } from './caller.js';
import { cancelScenarios } from './cancel.js';
import { gateScenarios } from './gates.js';
import { modelScenarios } from './model.js';
import { restartScenarios } from './restarts.js';
import { sessionScenarios } from './sessions.js';
import { streamScenarios } from './streams.js';
import { World, type MakeStack } from '../world/world.js';

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
