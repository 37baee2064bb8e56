import { describeExecutorScenarios } from './executor-scenarios.js';
import { EmbeddedStack } from './stack.js';

describeExecutorScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
