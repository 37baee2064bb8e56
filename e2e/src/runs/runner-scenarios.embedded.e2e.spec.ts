import { describeFullQueue } from './queue.js';
import { describeRunnerScenarios } from './runner-scenarios.js';
import { EmbeddedStack } from '../world/stack.js';

describeRunnerScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
describeFullQueue((options) => new EmbeddedStack(options));
