import { describeGateScenarios } from './gate-scenarios.js';
import { EmbeddedStack } from '../world/stack.js';

describeGateScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
