import { parseEventData } from '@countersign/contracts';
import { base64url, CompactSign } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { claims } from '../../test/claims.fixtures.js';
import { generateKey, keysFromText } from '../keys/key-ring.js';
import { isResult, resultClaimsOf, type ResultEvent } from './result-claims.js';
import { ResultGuard } from './result-guard.js';
import { signDecision, signResult } from '../signature/sign.js';
import { SignatureError } from '../signature/signature-error.js';
import { Verifier } from '../signature/verifier.js';

const ring = await keysFromText(JSON.stringify(await generateKey()));
const verifier = await Verifier.fromKeyRing(ring);
const call = { run_id: 'run-1', approval_id: 'a-1', execution_id: 'a-1', tool_call_id: 'call_1', tool_name: 'deploy' };
const of = { ...call, attempt: 1, digest: 'sha256:00', signature: null };

const events: ResultEvent[] = [
  { type: 'tool.execution_completed', data: { ...of, result: 'Deployed.' } },
  { type: 'tool.execution_failed', data: { ...of, error: 'exit code 1', code: null } },
  { type: 'tool.execution_outcome_unknown', data: { ...of, reason: 'its worker is gone' } },
];
const signed = async (event: ResultEvent, key = ring.signingKey): Promise<ResultEvent> =>
  changed(event, { signature: await signResult(key, resultClaimsOf(event)) });
const changed = (event: ResultEvent, change: object): ResultEvent =>
  ({ ...event, data: { ...event.data, ...change } }) as ResultEvent;

describe('a result that an executor signed', () => {
  const guard = new ResultGuard(async () => verifier);
  beforeAll(() => guard.open());

  it.each(events)('is believed when it says $type', async (event) => {
    const said = await signed(event);
    expect(await guard.problemWith(said)).toBeUndefined();
    expect(parseEventData(said.type, said.data)).toEqual(said.data);
  });

  it('is not believed without the signature', async () => {
    expect(await guard.problemWith(events[0]!)).toBe('The result is not signed.');
  });

  it('is not believed when somebody else signed it', async () => {
    const other = await keysFromText(JSON.stringify(await generateKey()));
    expect(await guard.problemWith(await signed(events[0]!, other.signingKey))).toMatch(/key that is not known/);
  });

  it.each<[string, object]>([
    ['result', { result: 'Deployed twice.' }],
    ['run', { run_id: 'run-2' }],
    ['approval', { approval_id: 'a-2' }],
    ['execution', { execution_id: 'a-2' }],
    ['call', { tool_call_id: 'call_2' }],
    ['tool', { tool_name: 'undeploy' }],
    ['attempt', { attempt: 2 }],
    ['digest', { digest: 'sha256:01' }],
    ['digest, which is left out', { digest: null }],
  ])('is not believed when it was signed with another %s', async (_, change) => {
    expect(await guard.problemWith(changed(await signed(events[0]!), change))).toMatch(/not the one that was signed/);
  });

  it('is not believed for another outcome, though the text is the same', async () => {
    const { signature } = (await signed(events[0]!)).data;
    const failed: ResultEvent = {
      type: 'tool.execution_failed',
      data: { ...of, error: 'Deployed.', code: null, signature },
    };
    expect(await guard.problemWith(failed)).toMatch(/not the one that was signed/);
  });

  it.each([
    ['no JWS', 'nothing'],
    ['cut', 'e30.e30'],
  ])('is not believed when the signature is %s', async (_, signature) => {
    expect(await guard.problemWith(changed(events[0]!, { signature }))).toMatch(/result is not a compact JWS/);
  });

  it('is waited for while the keys cannot be had', async () => {
    const away = new ResultGuard(async () => Verifier.fromUrl('http://127.0.0.1:1/keys'));
    await away.open();
    await expect(away.problemWith(await signed(events[0]!))).rejects.toThrow(/are not to be had/);
  });
});

describe('results and decisions', () => {
  it('cannot pass for each other, even with the same key', async () => {
    const result = await signResult(ring.signingKey, resultClaimsOf(events[0]!));
    const decision = await signDecision(ring.signingKey, claims);
    await expect(verifier.verify(result)).rejects.toThrow(SignatureError);
    await expect(verifier.verifyResult(decision)).rejects.toThrow(/type of the signed text is not countersign-result/);
  });

  it('have claims of their own: one kind with the type of the other is refused', async () => {
    const { kid, privateKey } = ring.signingKey;
    const payload = base64url.decode((await signDecision(ring.signingKey, claims)).split('.')[1]!);
    const disguised = await new CompactSign(payload)
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'countersign-result+jws' })
      .sign(privateKey);
    await expect(verifier.verifyResult(disguised)).rejects.toThrow(/not a result as declared/);
  });
});

it('only what says what came of a call is a result', () => {
  expect(events.every(isResult)).toBe(true);
  expect(['tool.execution_started', 'tool.execution_progress', 'toString'].some((type) => isResult({ type }))).toBe(
    false,
  );
});
