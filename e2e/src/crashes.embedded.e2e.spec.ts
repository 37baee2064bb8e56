import { describeCrashes } from './crashes.js';
import { EmbeddedStack } from './stack.js';

describeCrashes('the embedded log and store', () => new EmbeddedStack());
