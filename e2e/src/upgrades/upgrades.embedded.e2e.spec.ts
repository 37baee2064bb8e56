import { describe } from 'vitest';
import { EmbeddedStack } from '../world/stack.js';
import { previousVersion } from './previous.js';
import { describeUpgrades } from './upgrades.js';

const previous = await previousVersion();

if (typeof previous === 'string') describe.skip(`Upgrades on the embedded log and store: ${previous}`, () => {});
else
  describeUpgrades(
    'the embedded log and store',
    previous,
    [['standalone'], [], ['standalone']],
    (options) => new EmbeddedStack(options),
  );
