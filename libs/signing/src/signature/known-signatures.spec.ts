import { CompactSign } from 'jose';
import { expect, test, vi } from 'vitest';
import { claims } from '../../test/claims.fixtures.js';
import { generateKey, keysFromText, type KeyRing } from '../keys/key-ring.js';
import { payloadOf, signDecision } from './sign.js';
import { Verifier } from './verifier.js';

const ringOf = async (): Promise<KeyRing> => keysFromText(JSON.stringify(await generateKey()));
const [ours, others] = await Promise.all([ringOf(), ringOf()]);
const verifier = await Verifier.fromKeyRing(ours);
const changed = (jws: string): string => {
  const [header, payload, signature] = jws.split('.') as [string, string, string];
  return `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
};

test('what was signed or verified here is not verified again', async () => {
  const verify = vi.spyOn(crypto.subtle, 'verify');
  const jws = await signDecision(ours.signingKey, claims);
  expect(await verifier.verify(jws)).toEqual(claims);
  expect(verify).not.toHaveBeenCalled();
  verify.mockRestore();
});

test('what was signed elsewhere is verified, and then not again', async () => {
  const elsewhere = { ...claims, approval_id: 'elsewhere' };
  const jws = await new CompactSign(new TextEncoder().encode(payloadOf(elsewhere)))
    .setProtectedHeader({ alg: 'EdDSA', kid: ours.signingKey.kid, typ: 'countersign-decision+jws' })
    .sign(ours.signingKey.privateKey);
  const verify = vi.spyOn(crypto.subtle, 'verify');
  expect(await verifier.verify(jws)).toEqual(elsewhere);
  expect(await verifier.verify(jws)).toEqual(elsewhere);
  expect(verify).toHaveBeenCalledOnce();
  verify.mockRestore();
});

test('a key that is not trusted, or not any more, is refused however well its signatures are known', async () => {
  const jws = await signDecision(others.signingKey, claims);
  await (await Verifier.fromKeyRing(others)).verify(jws);
  await expect(verifier.verify(jws)).rejects.toThrow('not known');
});

test('a signature that is known of one key is not one of another key with the same name', async () => {
  const jws = await signDecision({ ...others.signingKey, kid: ours.signingKey.kid }, claims);
  await expect(verifier.verify(jws)).rejects.toThrow('does not belong');
});

test('a text that differs in one character is another text', async () => {
  const jws = await signDecision(ours.signingKey, claims);
  await verifier.verify(jws);
  await expect(verifier.verify(changed(jws))).rejects.toThrow('does not belong');
  await expect(verifier.verify(changed(jws))).rejects.toThrow('does not belong');
});
