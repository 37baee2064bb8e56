import { describeFullQueue } from './runner-scenarios.queue.js';
import { describeRunnerScenarios } from './runner-scenarios.js';
import { EmbeddedStack } from './stack.js';

describeRunnerScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
describeFullQueue((options) => new EmbeddedStack(options));
