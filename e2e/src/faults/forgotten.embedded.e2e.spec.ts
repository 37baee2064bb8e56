import { EmbeddedStack } from '../world/stack.js';
import { describeForgotten } from './forgotten.js';

describeForgotten('the embedded log and store', () => new EmbeddedStack(), { isEmbedded: true });
