import { TerminalError } from '@countersign/contracts';
import { createLocalJWKSet, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { CommandGuard } from './command-guard.js';
import { issueCommandToken, type CommandTokenOptions } from './command-token.js';
import { principalOf, type Role } from './principal.js';

const now = Date.UTC(2026, 8, 1);
const { privateKey, publicKey } = await generateKeyPair('EdDSA');
const key = { kid: 'k1', privateKey };
const keyOf = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA' }] });
const tokenOf = (role: Role, options: Partial<CommandTokenOptions> = {}, at = now) =>
  issueCommandToken(
    principalOf({ subject: 'ana', roles: [role], groups: [] }, 'key'),
    { expires_in: 60, ...options },
    key,
    at,
  );

describe('a command over the bus', () => {
  const guard = new CommandGuard(keyOf, () => now);
  const terms = { scope: 'runs:write', about: ['run-1', 'ops'] } as const;

  it('is of whoever its token names', async () => {
    expect(await guard.sender(await tokenOf('requester'), terms)).toMatchObject({ subject: 'ana' });
  });

  it.each(['run-1', 'ops'])('may have a token that is for %s alone', async (one) => {
    expect(await guard.sender(await tokenOf('requester', { for: one }), terms)).toMatchObject({ subject: 'ana' });
  });

  it.each<[string, () => Promise<string> | undefined, RegExp]>([
    ['has no token', () => undefined, /no token; POST \/auth\/tokens/],
    ['has none of ours', () => Promise.resolve('a.b.c'), /does not say who commands, or is over/],
    ['has one that is over', () => tokenOf('requester', {}, now - 61_000), /or is over/],
    ['has one for something else', () => tokenOf('requester', { for: 'run-2' }), /is for "run-2"/],
    ['is of somebody who may not', () => tokenOf('viewer'), /^ana may not do this: it needs the scope runs:write/],
  ])('is refused for good when it %s', async (_, token, reason) => {
    const refused = guard.sender(await token(), terms);
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    await expect(refused).rejects.toThrow(reason);
  });

  it('waits while the keys cannot be fetched', async () => {
    const outage = new Error('connection refused');
    const blind = new CommandGuard(
      () => Promise.reject(outage),
      () => now,
    );
    await expect(blind.sender(await tokenOf('requester'), terms)).rejects.toBe(outage);
  });
});
