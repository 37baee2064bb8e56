import { describeGateScenarios } from './gate-scenarios.js';
import { EmbeddedStack } from './stack.js';

describeGateScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
