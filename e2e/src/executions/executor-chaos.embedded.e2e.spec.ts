import { describeChaos, frozen, killed, killedAt, replayed, stopped } from './executor-chaos.js';
import { EmbeddedStack } from '../world/stack.js';

describeChaos('the embedded log and store', (options) => new EmbeddedStack(options), [
  killed,
  frozen,
  killedAt('committed tool.execution_started'),
  replayed,
  killed,
  killedAt('committing tool.execution_completed'),
  stopped,
]);
