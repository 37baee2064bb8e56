import { describeApprovalScenarios } from './approval-scenarios.js';
import { EmbeddedStack } from '../world/stack.js';

describeApprovalScenarios('the embedded log and store', (options) => new EmbeddedStack(options));
