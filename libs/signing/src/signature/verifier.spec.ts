import { canonicalJson } from '@countersign/contracts/json';
import { atSeconds } from '@countersign/contracts/time';
import fc from 'fast-check';
import type { KeyObject } from 'node:crypto';
import { base64url, CompactSign, exportJWK, generateKeyPair, importJWK, type CryptoKey } from 'jose';
import { describe, expect, it } from 'vitest';
import { claims } from '../../test/claims.fixtures.js';
import type { DecisionClaims } from '../decisions/claims.js';
import { generateKey, keysFromText, publicJwks, type KeyRing } from '../keys/key-ring.js';
import { resultDigest } from '../results/result-digest.js';
import { signDecision } from './sign.js';
import { SignatureError } from './signature-error.js';
import { Verifier } from './verifier.js';

const jwk = await generateKey();
const ring = await keysFromText(JSON.stringify(jwk));
const verifier = await Verifier.fromKeyRing(ring);
const jws = await signDecision(ring.signingKey, claims);
const header = { alg: 'EdDSA', kid: jwk.kid, typ: 'countersign-decision+jws' };

const bytes = (text: string) => new TextEncoder().encode(text);
const encoded = (value: unknown) => base64url.encode(JSON.stringify(value));
/** Signed with the trusted key, whatever it says. */
const signed = (text: string, fields: object = {}, key: CryptoKey | KeyObject = ring.signingKey.privateKey) =>
  new CompactSign(bytes(text)).setProtectedHeader({ ...header, ...fields }).sign(key);
const refusal = (text: string) =>
  verifier.verify(text).then(
    () => 'accepted',
    (error: unknown) => (error instanceof SignatureError ? error.message : Promise.reject(error as Error)),
  );

describe('a signed decision', () => {
  it.each<[string, Partial<DecisionClaims>]>([
    ['by a person', {}],
    ['by several', { deciders: ['bob', null].map((by) => ({ by, verdict: 'approved', at: atSeconds(1) })) }],
    ['by a policy', { automatic: true, deciders: [], policy_version: 'v3' }],
    ['with a result', { result_digest: resultDigest('Deployed by hand. ✓') }],
    ['about nothing more', { status: 'cancelled', deciders: [], act_by: null }],
  ])('%s says after verification what was signed', async (_, change) => {
    const decided = { ...claims, ...change };
    expect(await verifier.verify(await signDecision(ring.signingKey, decided))).toEqual(decided);
  });

  it('names its algorithm, key and type, and nothing else', () => {
    expect(new TextDecoder().decode(base64url.decode(jws.split('.')[0]!))).toBe(
      `{"alg":"EdDSA","kid":"${jwk.kid}","typ":"countersign-decision+jws"}`,
    );
  });

  it('has a payload that is stable: there is one text for the same claims, in whatever order they come', async () => {
    expect(new TextDecoder().decode(base64url.decode(jws.split('.')[1]!))).toBe(
      '{"act_by":1788255160,"approval_id":"approval-1","automatic":false,"basis":"people","deciders":[{"at":1788255062,"by":"bob","verdict":"approved"}],' +
        '"details_digest":"sha256:8481d3810c899877f4adc35d78315c3bce9f6e2e65326a4c3ff3aeb641a942dd",' +
        '"digest":"sha256:68c185f12f69fabbd6ca97ee53481ebaaa5e1e386b0a9fdac7c920cd80ad4520",' +
        '"four_eyes":true,"grant":null,"pause_type":"external_execution","policy_version":null,"requested_by":"ana","requester":"ana","required_approvals":1,"resolved_at":1788255062,' +
        '"run_id":"run-1","status":"approved","tool_call_id":"call_1","tool_name":"deploy_to_production","tool_version":"version-1"}',
    );
    const reversed = Object.fromEntries(Object.entries(claims).toReversed()) as DecisionClaims;
    expect(await signDecision(ring.signingKey, reversed)).toBe(jws);
  });

  it('is not made of claims that are not as declared', async () => {
    const pending = { ...claims, status: 'pending' } as unknown as DecisionClaims;
    await expect(signDecision(ring.signingKey, pending)).rejects.toThrow();
    await expect(signDecision(ring.signingKey, { ...claims, digest: 'sha256:0' })).rejects.toThrow();
  });
});

describe('the verifier', () => {
  it.each<[keyof DecisionClaims, unknown]>([
    ['approval_id', 'approval-2'],
    ['run_id', 'run-2'],
    ['tool_call_id', 'call_2'],
    ['tool_name', 'undeploy'],
    ['digest', `sha256:${'0'.repeat(64)}`],
    ['status', 'rejected'],
    ['pause_type', 'confirmation'],
    ['automatic', true],
    ['deciders', [{ by: 'eve', verdict: 'approved', at: 1788255062 }]],
    ['resolved_at', 1788255063],
    ['act_by', null],
    ['policy_version', 'v2'],
    ['tool_version', 'version-2'],
    ['result_digest', resultDigest('')],
  ])('refuses a decision whose %s was altered', async (field, value) => {
    const [head, , signature] = jws.split('.');
    const altered = base64url.encode(canonicalJson({ ...claims, [field]: value }));
    expect(await refusal(`${head}.${altered}.${signature}`)).toMatch(/signature does not belong/);
  });

  it('refuses a decision in which any character is another, is missing or is added', async () => {
    const character = fc.constantFrom(...'AZaz09-_=. \n\u00e9', '');
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length), fc.nat(1), character, async (at, removed, put) => {
        const altered = jws.slice(0, at) + put + jws.slice(at + removed);
        fc.pre(altered !== jws);
        expect(await refusal(altered)).not.toBe('accepted');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['nothing', ''],
    ['text', 'approved'],
    ['two parts', jws.split('.').slice(0, 2).join('.')],
    ['four parts', `${jws}.AAAA`],
    ['no signature', `${jws.split('.').slice(0, 2).join('.')}.`],
    ['the JSON serialization', JSON.stringify({ protected: 'e30', payload: 'e30', signature: 'AA' })],
    ['padding', `${jws}==`],
  ])('refuses %s as malformed', async (_, text) => {
    expect(await refusal(text)).toMatch(/not a compact JWS/);
  });

  it.each([
    ['not JSON', base64url.encode('EdDSA')],
    ['no object', encoded(['EdDSA'])],
    ['not UTF-8', base64url.encode(new Uint8Array([0x7b, 0xff, 0x7d]))],
  ])('refuses a header that is %s as malformed', async (_, head) => {
    expect(await refusal(`${head}.${jws.split('.').slice(1).join('.')}`)).toMatch(/no readable header/);
  });

  it.each<[string, object, RegExp]>([
    ['of no type', { typ: undefined }, /type of the signed text/],
    ['of another type', { typ: 'JWT' }, /type of the signed text/],
    ['that names no key', { kid: undefined }, /does not name its key/],
    ['of an unknown key', { kid: 'unknown' }, /key that is not known/],
    ['with its own key', { jwk: publicJwks(ring).keys[0] }, /other fields/],
    ['with a certificate', { x5c: ['MIIB'] }, /other fields/],
    ['with the address of a key', { jku: 'https://example.com/jwks.json' }, /other fields/],
    ['with anything else', { note: 'trust me' }, /other fields/],
  ])('refuses a text %s, even one that a trusted key signed', async (_, fields, reason) => {
    expect(await refusal(await signed(canonicalJson(claims), fields))).toMatch(reason);
  });

  it.each([
    ['crit that nobody knows', { crit: ['exp'], exp: 0 }],
    ['crit that jose knows', { crit: ['b64'], b64: true }],
    ['a payload that is not encoded', { crit: ['b64'], b64: false }],
  ])('refuses %s', async (_, fields) => {
    const [, ...rest] = jws.split('.');
    expect(await refusal([encoded({ ...header, ...fields }), ...rest].join('.'))).toMatch(/other fields/);
  });

  it('refuses what another key signed in the name of a trusted one', async () => {
    const { signingKey } = await keysFromText(JSON.stringify(await generateKey()));
    expect(await refusal(await signDecision({ ...signingKey, kid: jwk.kid }, claims))).toMatch(/signature does not/);
  });

  it('refuses another key that comes along in the header', async () => {
    const eve = await generateKeyPair('EdDSA', { extractable: true });
    const fields = { kid: 'eve', jwk: await exportJWK(eve.publicKey) };
    expect(await refusal(await signed(canonicalJson(claims), fields, eve.privateKey))).toMatch(/other fields/);
  });

  it('refuses HS256 with the public key as its secret', async () => {
    const [publicKey] = publicJwks(ring).keys;
    const secrets = [JSON.stringify(publicKey), publicKey!.x, base64url.decode(publicKey!.x)];
    for (const secret of secrets) {
      const forged = await new CompactSign(bytes(canonicalJson(claims)))
        .setProtectedHeader({ ...header, alg: 'HS256' })
        .sign(typeof secret === 'string' ? bytes(secret.padEnd(32)) : secret);
      expect(await refusal(forged)).toMatch(/not signed with EdDSA/);
    }
  });

  it.each(['none', 'None', 'ES256', 'Ed25519', '', null])('refuses the algorithm %j', async (alg) => {
    const [, payload, signature] = jws.split('.');
    const head = encoded({ ...header, alg });
    expect(await refusal(`${head}.${payload}.${signature}`)).toMatch(/not signed with EdDSA/);
  });

  it.each<[string, string]>([
    ['no JSON', 'approved'],
    ['no object', '[]'],
    ['with a claim less', canonicalJson({ ...claims, run_id: undefined })],
    ['with a claim that is not known', canonicalJson({ ...claims, only_on: 'sunday' })],
    ['that is still pending', canonicalJson({ ...claims, status: 'pending' })],
    ['in another order', JSON.stringify(claims)],
    ['with white space', ` ${canonicalJson(claims)}`],
    ['with a byte order mark', `\ufeff${canonicalJson(claims)}`],
    ['with half a character', canonicalJson(claims).replace('run-1', String.raw`\ud800`)],
    ['that says a thing twice', canonicalJson(claims).replace('{', '{"status":"rejected",')],
  ])('refuses a payload %s, even one that a trusted key signed', async (_, text) => {
    expect(await refusal(await signed(text))).toMatch(/not a decision as declared/);
  });
});

describe('a rotation of keys', () => {
  const ringOf = (...keys: object[]): Promise<KeyRing> => keysFromText(JSON.stringify({ keys }));
  const verify = async (by: KeyRing, text: string) => (await Verifier.fromJwks(publicJwks(by))).verify(text);

  it('goes on to verify what the old key signed, and signs with the new one', async () => {
    const { d: _, ...old } = jwk;
    const next = await generateKey();
    const rotated = await ringOf(next, old);
    const newer = await signDecision(rotated.signingKey, claims);
    expect(rotated.signingKey.kid).toBe(next.kid);
    expect(await verify(rotated, jws)).toEqual(claims);
    expect(await verify(rotated, newer)).toEqual(claims);
    await expect(verify(ring, newer)).rejects.toThrow(SignatureError);
    await expect(verify(await ringOf(next), jws)).rejects.toThrow(SignatureError);
  });

  it('can publish a key before it signs', async () => {
    const next = await generateKey();
    const before = await ringOf(jwk, next);
    const after = await ringOf(next, jwk);
    expect(before.signingKey.kid).toBe(jwk.kid);
    expect(await verify(before, await signDecision(after.signingKey, claims))).toEqual(claims);
  });
});

it('a JWK of another tool works: the names of use and algorithm are ours', async () => {
  const { kty, crv, x, d } = jwk;
  const foreign = await keysFromText(JSON.stringify({ kty, crv, x, d, alg: 'Ed25519', key_ops: ['sign'], ext: true }));
  expect(foreign.signingKey.kid).toBe(jwk.kid);
  expect(await verifier.verify(await signDecision(foreign.signingKey, claims))).toEqual(claims);
  expect(await importJWK({ ...foreign.publicKeys[0]! })).toBeDefined();
});
