import { approvalDigest } from '@countersign/contracts/approvals';
import { atSeconds } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import { approvalWith } from '../../../test/approval.fixtures.js';
import { isOfShownCall } from './verified.js';

const policy = { version: 'f00d', rule: 'payments', outcome: 'require' as const, saw: [] };

it.each([
  approvalWith(),
  approvalWith({ policy, expires_at: atSeconds(1_900_000_000) }),
  approvalWith({ approved_args: { version: '2.1.1' } }),
])('a digest is recomputed from the call that is shown, with what it is bound to', async (approval) => {
  const sound = { ...approval, digest: approvalDigest(approval) };
  expect(await isOfShownCall(sound)).toBe(true);
  const other = { ...sound.tool_args, version: '6.6.6' };
  const field = sound.approved_args ? 'approved_args' : 'tool_args';
  expect(await isOfShownCall({ ...sound, [field]: other })).toBe(false);
  expect(await isOfShownCall({ ...sound, tool_name: 'drop_database' })).toBe(false);
});
