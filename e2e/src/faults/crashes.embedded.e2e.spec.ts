import { describeCrashes } from './crashes.js';
import { EmbeddedStack } from '../world/stack.js';

describeCrashes('the embedded log and store', () => new EmbeddedStack());
