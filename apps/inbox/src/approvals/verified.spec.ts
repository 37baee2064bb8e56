import { approvalDigest } from '@countersign/contracts';
import { expect, it } from 'vitest';
import { approvalWith } from './approval.given.js';
import { isOfShownCall } from './verified.js';

const policy = { version: 'f00d', rule: 'payments', outcome: 'require' as const, saw: [] };

it.each([approvalWith(), approvalWith({ policy, expires_at: 1_900_000_000 })])(
  'a digest is recomputed from the call that is shown, with what it is bound to',
  async (approval) => {
    const sound = { ...approval, digest: approvalDigest(approval) };
    expect(await isOfShownCall(sound)).toBe(true);
    expect(await isOfShownCall({ ...sound, tool_args: { ...sound.tool_args, version: '6.6.6' } })).toBe(false);
    expect(await isOfShownCall({ ...sound, tool_name: 'drop_database' })).toBe(false);
  },
);
