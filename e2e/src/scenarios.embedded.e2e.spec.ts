import { describeScenarios } from './scenarios.js';
import { EmbeddedStack } from './world/stack.js';

describeScenarios('the embedded log and store', () => new EmbeddedStack());
