import { ConfigError } from '@countersign/contracts/problems';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { claims } from '../../test/claims.fixtures.js';
import { generateKey, keysFromText, publicJwks } from './key-ring.js';
import { resultClaimsOf } from '../results/result-claims.js';
import {
  openKeyRing,
  openResultKeyRing,
  openResultVerifier,
  openVerifier,
  signingSettings,
  verifyingSettings,
} from './settings.js';
import { signDecision, signResult } from '../signature/sign.js';

const key = await generateKey();
const secret = JSON.stringify(key);
const ring = await keysFromText(secret);
const published = JSON.stringify(publicJwks(ring));
const jws = await signDecision(ring.signingKey, claims);

let dir: string;
const write = (text: string) => {
  const file = join(dir, 'keys.json');
  writeFileSync(file, text);
  return file;
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-settings-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the settings to sign with', () => {
  it('hold the keys or name their file', async () => {
    expect((await openKeyRing({ DECISION_SIGNING_KEYS: secret })).signingKey.kid).toBe(key.kid);
    expect((await openKeyRing({ DECISION_SIGNING_KEYS: `file:${write(secret)}` })).signingKey.kid).toBe(key.kid);
  });

  it('may be missing where all is embedded, and only there', async () => {
    const own = await openKeyRing({}, dir);
    expect((await openKeyRing({}, dir)).signingKey.kid).toBe(own.signingKey.kid);
    await expect(openKeyRing({})).rejects.toThrow(ConfigError);
    await expect(openKeyRing({})).rejects.toThrow(/^DECISION_SIGNING_KEYS: must be set/);
  });

  it('go before the key of the data directory, which is then not made', async () => {
    expect((await openKeyRing({ DECISION_SIGNING_KEYS: secret }, dir)).signingKey.kid).toBe(key.kid);
    expect(existsSync(join(dir, 'signing-key.json'))).toBe(false);
  });

  it('are never fetched', async () => {
    const fetched = openKeyRing({ DECISION_SIGNING_KEYS: 'https://here/keys.json' }, dir);
    await expect(fetched).rejects.toThrow(/^DECISION_SIGNING_KEYS: private keys are not fetched/);
  });

  it('say what is wrong by their names', async () => {
    await expect(openKeyRing({ DECISION_SIGNING_KEYS: 'key' })).rejects.toThrow(/^DECISION_SIGNING_KEYS: must be JSON/);
    await expect(openKeyRing({ DECISION_SIGNING_KEYS: `file:${write('key')}` })).rejects.toThrow(
      /^DECISION_SIGNING_KEYS: must be JSON/,
    );
    const missing = openKeyRing({ DECISION_SIGNING_KEYS: `file:${join(dir, 'missing.json')}` });
    await expect(missing).rejects.toThrow(/^DECISION_SIGNING_KEYS: .*ENOENT/);
    await expect(missing).rejects.toThrow(ConfigError);
  });
});

describe('the settings to verify with', () => {
  it('hold the public keys or name their file', async () => {
    for (const settings of [
      { DECISION_VERIFICATION_KEYS: published },
      { DECISION_VERIFICATION_KEYS: `file:${write(published)}` },
    ]) {
      expect(await (await openVerifier(settings)).verify(jws)).toEqual(claims);
    }
  });

  it('may be missing where all is embedded: then what this process signs is trusted', async () => {
    const own = await openKeyRing({}, dir);
    const verifier = await openVerifier({}, dir);
    expect(await verifier.verify(await signDecision(own.signingKey, claims))).toEqual(claims);
    await expect(verifier.verify(jws)).rejects.toThrow(/key that is not known/);
    expect(await (await openVerifier({ DECISION_SIGNING_KEYS: secret }, dir)).verify(jws)).toEqual(claims);
  });

  it('are needed where it is not, even by who could sign', async () => {
    await expect(openVerifier({ DECISION_SIGNING_KEYS: secret })).rejects.toThrow(
      /^DECISION_VERIFICATION_KEYS: must be set/,
    );
  });

  it('say what is wrong by their names', async () => {
    await expect(openVerifier({ DECISION_VERIFICATION_KEYS: secret })).rejects.toThrow(
      /^DECISION_VERIFICATION_KEYS: must be public keys/,
    );
    await expect(openVerifier({ DECISION_VERIFICATION_KEYS: `file:${dir}` })).rejects.toThrow(
      /^DECISION_VERIFICATION_KEYS: /,
    );
  });
});

describe('the settings for results', () => {
  const call = { run_id: 'r', approval_id: 'a', execution_id: 'a', tool_call_id: 'c', tool_name: 't', attempt: 1 };
  const data = { ...call, result: 'Done.', digest: 'sha256:00', signature: null };
  const said = resultClaimsOf({ type: 'tool.execution_completed', data });

  it('are as those for decisions, by other names', async () => {
    const result = await signResult(ring.signingKey, said);
    expect((await openResultKeyRing({ RESULT_SIGNING_KEYS: secret })).signingKey.kid).toBe(key.kid);
    expect((await openResultKeyRing({ RESULT_SIGNING_KEYS: `file:${write(secret)}` })).signingKey.kid).toBe(key.kid);
    for (const settings of [
      { RESULT_VERIFICATION_KEYS: published },
      { RESULT_VERIFICATION_KEYS: `file:${write(published)}` },
    ])
      expect(await (await openResultVerifier(settings)).verifyResult(result)).toEqual(said);
    await expect(openResultKeyRing({})).rejects.toThrow(/^RESULT_SIGNING_KEYS: must be set/);
    await expect(openResultVerifier({})).rejects.toThrow(/^RESULT_VERIFICATION_KEYS: must be set/);
  });

  it('lead to keys of their own where all is embedded: who decides cannot say what came of it, nor the other way', async () => {
    const [decider, executor] = [await openKeyRing({}, dir), await openResultKeyRing({}, dir)];
    expect(executor.signingKey.kid).not.toBe(decider.signingKey.kid);
    const [decisions, results] = [await openVerifier({}, dir), await openResultVerifier({}, dir)];
    expect(await results.verifyResult(await signResult(executor.signingKey, said))).toEqual(said);
    const ofDecider = await signResult(decider.signingKey, said);
    await expect(results.verifyResult(ofDecider)).rejects.toThrow(/key that is not known/);
    const ofExecutor = await signDecision(executor.signingKey, claims);
    await expect(decisions.verify(ofExecutor)).rejects.toThrow(/key that is not known/);
  });
});

it('what begins like a URL of keys must be one', () => {
  const Settings = z.object({ ...signingSettings, ...verifyingSettings });
  const url = (DECISION_VERIFICATION_KEYS: string) => Settings.safeParse({ DECISION_VERIFICATION_KEYS }).success;
  expect(['https://approvals/.well-known/jwks.json', 'http://127.0.0.1:3001/keys'].every(url)).toBe(true);
  expect(['https://', 'http://approvals:port/'].some(url)).toBe(false);
});
