import { Presentation } from '@countersign/contracts/presentation';
import type { Approval } from '@countersign/contracts/approvals';
import { expect, it } from 'vitest';
import { confirmTarget, targetOf } from './target.js';

const environment = { argument: 'env', values: { production: { risk: 'critical' as const }, staging: {} } };
const approval = { tool_name: 'deploy', presentation: Presentation.parse({ environment }) } as Approval;

it('a critical call is approved by whoever names its target, on a terminal and in a script', async () => {
  const target = targetOf(approval, { env: 'production' });
  expect(target).toBe('production');
  expect(targetOf(approval, { env: 'staging' })).toBeNull();
  expect(targetOf(approval, { env: 'Production' })).toBe('Production');
  await expect(confirmTarget(target, {})).rejects.toThrow('say --target "production". Nothing was decided.');
  await expect(confirmTarget(target, { given: 'staging' })).rejects.toThrow('its target is "production"');
  await expect(confirmTarget(target, { given: '' })).rejects.toThrow();
  await confirmTarget(target, { given: 'production' });
  await confirmTarget(null, {});
});
