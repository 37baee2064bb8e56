import { approvalDigest } from '@countersign/contracts/approvals';
import { previewDigest, previewedCall, type Preview } from '@countersign/contracts/previews';
import { atSeconds } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import { approvalWith } from '../../../test/approval.fixtures.js';
import { isOfShownCall, isPreviewOf } from './verified.js';

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

it('a preview is of the call that is shown, and the digest is of what is shown of it', async () => {
  const plain = approvalWith();
  const call = previewedCall(plain);
  const shown = (output: string): Preview => ({
    round: 1,
    status: 'shown',
    call,
    output,
    digest: previewDigest(call, '2.0.3 -> 2.1.0'),
    reason: null,
    required: true,
    by: null,
    requested_at: atSeconds(1),
    answer_by: atSeconds(2),
    before: null,
  });
  const approval = approvalWith({ preview: shown('2.0.3 -> 2.1.0') });
  const sound = { ...approval, digest: approvalDigest(approval) };
  expect(await isOfShownCall(sound)).toBe(true);
  expect(await isOfShownCall({ ...sound, preview: shown('nothing changes') })).toBe(false);
  expect(await isPreviewOf(sound)).toBe(true);
  expect(await isPreviewOf(sound, { ...plain.tool_args, version: '6.6.6' })).toBe(false);
});
