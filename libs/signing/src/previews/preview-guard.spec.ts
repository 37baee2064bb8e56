import type { EventData } from '@countersign/contracts';
import { previewedCall } from '@countersign/contracts/previews';
import { atSeconds } from '@countersign/contracts/time';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateKey, keysFromText } from '../keys/key-ring.js';
import { signPreview, signPreviewRequest } from '../signature/sign.js';
import { Verifier } from '../signature/verifier.js';
import { PreviewGuard } from './preview-guard.js';

const ring = await keysFromText(JSON.stringify(await generateKey()));
const other = await keysFromText(JSON.stringify(await generateKey()));
const call = { run_id: 'run-1', approval_id: 'a-1', tool_call_id: 'call_1', tool_name: 'deploy' };
const asked: EventData<'approval.preview_asked'> = {
  ...call,
  tool_args: { version: '2.1.0' },
  tool_version: 'v',
  redact: ['token'],
  salt: null,
  round: 1,
  answer_by: atSeconds(1_000),
  signature: null,
};
const shown: EventData<'tool.previewed'> = {
  ...call,
  round: 1,
  call_digest: previewedCall(asked),
  outcome: 'shown',
  text: '2.0.3 -> 2.1.0',
  signature: null,
};

describe('what is said of previews', () => {
  const guard = new PreviewGuard(() => Verifier.fromKeyRing(ring));
  beforeAll(() => guard.open());
  const request = async (change: object = {}, key = ring.signingKey) =>
    guard.problemWithRequest({ ...asked, signature: await signPreviewRequest(key, asked), ...change });
  const preview = async (change: object = {}, key = ring.signingKey) =>
    guard.problemWith({ ...shown, signature: await signPreview(key, shown), ...change });

  it('counts as it was signed', async () => {
    expect(await request()).toBeUndefined();
    expect(await preview()).toBeUndefined();
  });

  it.each<object>([
    { tool_args: { version: '6.6.6' } },
    { tool_name: 'undeploy' },
    { approval_id: 'a-2' },
    { redact: [] },
    { round: 2 },
    { answer_by: 2_000 },
    { tool_version: null },
    { salt: 'x' },
    { signature: null },
  ])('runs nothing for another request: %j', async (change) => expect(await request(change)).toMatch(/not/));

  it.each<object>([
    { text: 'Nothing changes.' },
    { outcome: 'failed' },
    { round: 2 },
    { approval_id: 'a-2' },
    { tool_call_id: 'call_2' },
    { call_digest: 'sha256:00' },
    { signature: null },
  ])('shows nothing else: %j', async (change) => expect(await preview(change)).toMatch(/not/));

  it('counts from nobody else, and one does not pass for the other', async () => {
    expect(await request({}, other.signingKey)).toMatch(/key that is not known/);
    expect(await preview({}, other.signingKey)).toMatch(/key that is not known/);
    expect(await preview({ signature: await signPreviewRequest(ring.signingKey, asked) })).toMatch(/type/);
  });
});
