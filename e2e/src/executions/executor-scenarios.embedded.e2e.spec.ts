import { describeExecutorScenarios } from './executor-scenarios.js';
import { EmbeddedStack } from '../world/stack.js';

describeExecutorScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
