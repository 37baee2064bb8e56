import { openCollector, type Collector } from '@countersign/testing/trace-collector';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { places } from './executor-calls.js';
import { decisionScenarios } from './decisions.js';
import { orderScenarios } from './order.js';
import { peopleOfExecutionScenarios } from './people.js';
import { platformScenarios } from './platform.js';
import { World, type MakeStack } from '../world/world.js';

/** What the executor promises of approved calls, told once and held on every stack; the target's ledger is the judge. */
export function describeExecutorScenarios(name: string, makeStack: MakeStack): void {
  describe(`The executor on ${name}`, () => {
    const env: Record<string, string> = { EXECUTOR_CONCURRENCY: String(places), SHUTDOWN_GRACE_SECONDS: '3' };
    const world = new World(makeStack, env, 'executor.yaml');
    let collector: Collector;
    beforeAll(async () => {
      collector = await openCollector();
      // Traced is what a caller asks to have traced.
      Object.assign(env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
      await world.open();
    }, 120_000);
    afterEach(() => world.stack?.start());
    afterAll(async () => {
      await world.close();
      await collector?.close();
    });

    decisionScenarios(world);
    orderScenarios(world);
    peopleOfExecutionScenarios(world);
    platformScenarios(world, () => collector);
  });
}
