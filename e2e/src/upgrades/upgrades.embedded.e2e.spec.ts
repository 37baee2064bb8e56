import { EmbeddedStack } from '../world/stack.js';
import { previousVersion } from './previous.js';
import { describeUpgrades } from './upgrades.js';

describeUpgrades(
  'the embedded log and store',
  await previousVersion(),
  [['standalone'], [], ['standalone']],
  (options) => new EmbeddedStack(options),
);
