import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError } from '@countersign/contracts/problems';
import { toEpochSeconds } from '@countersign/contracts/time';
import { Clock, listeningLog } from '../../test/auth.fixtures.js';
import {
  audience,
  issuer,
  signingKey,
  startIdentityProvider,
  tokenOf,
  type IdentityProvider,
  type SigningKey,
} from '../../test/identity-provider.fixtures.js';
import { JwtVerifier, type JwtOptions } from './jwt.js';

describe('a token of an identity provider', () => {
  const clock = new Clock();
  let key: SigningKey;
  let stranger: SigningKey;
  let provider: IdentityProvider;
  let lines: string[];
  beforeAll(async () => {
    [key, stranger] = await Promise.all([signingKey('one'), signingKey('one')]);
    provider = await startIdentityProvider([key]);
  });
  afterAll(() => provider.close());
  const verifier = (options: Partial<JwtOptions> = {}) => {
    const { log, lines: written } = listeningLog();
    lines = written;
    const names = { subjectClaim: 'sub', rolesClaim: 'roles', groupsClaim: 'groups' };
    const algorithms = ['RS256', 'ES256', 'EdDSA'];
    const all = { jwksUrl: provider.url, issuer, audience, algorithms, ...names, ...options };
    return new JwtVerifier(all, { log, now: clock.now });
  };
  const verify = async (claims: object, options?: Partial<JwtOptions>) =>
    verifier(options).verify(await tokenOf(key, clock.now(), { claims: { ...claims } }));
  const at = (seconds: number) => toEpochSeconds(clock.now()) + seconds;

  it('says who it is, with roles and groups', async () => {
    const principal = await verify({ roles: ['viewer', 'approver'], groups: ['ops'] });
    expect(principal).toMatchObject({
      subject: 'ada',
      roles: ['viewer', 'approver'],
      groups: ['ops'],
      credential: { via: 'jwt', id: issuer, expires_at: at(300) },
    });
    expect(principal!.scopes.has('approvals:write')).toBe(true);
  });

  it('has one spelling of who it is, and keeps the other for show', async () => {
    expect(await verify({ sub: 'Ada@Example.com ', groups: ['Ops', '', '\u200B'] })).toMatchObject({
      subject: 'ada@example.com',
      display_name: 'Ada@Example.com ',
      groups: ['ops'],
    });
  });

  it.each(['ada\u200B', ' ', 'a\nb'])('is of nobody when it says %j', async (sub) => {
    expect(await verify({ sub })).toBeUndefined();
  });

  it.each(['admin', 'ADMIN', ' admin'])("is never this installation's own administrator: %j", async (sub) => {
    const refused = verify({ sub, roles: ['admin'] });
    await expect(refused).rejects.toMatchObject({ status: 403 });
    await expect(refused).rejects.toThrow(/"admin" is the name of this installation's own administrator/);
  });

  it.each([
    ['roles it does not know', { roles: ['root', 'viewer', 7] }, ['viewer']],
    ['one role', { roles: 'viewer' }, ['viewer']],
    ['no role', { roles: undefined }, []],
    ['no list of roles', { roles: { admin: true } }, []],
  ])('with %s has the roles that are known', async (_, claims, roles) => {
    expect(await verify(claims)).toMatchObject({ roles, groups: [] });
  });

  it('may keep them elsewhere', async () => {
    const claims = { email: 'ada@x.example', 'https://x.example/roles': ['admin'], realm: { groups: ['ops'] } };
    const names = { subjectClaim: 'email', rolesClaim: 'https://x.example/roles', groupsClaim: 'realm.groups' };
    expect(await verify(claims, names)).toMatchObject({ subject: 'ada@x.example', roles: ['admin'], groups: ['ops'] });
  });

  it.each([
    ['without a subject', { sub: undefined }, {}],
    ['with a subject that is no text', { sub: ['ada'] }, {}],
    ['with an address that was never verified', { email: 'ada@x.example', email_verified: false }, 'email'],
    ['with one of which that is said as a text', { email: 'ada@x.example', email_verified: 'false' }, 'email'],
    ['of another issuer', { iss: 'https://evil.example' }, {}],
    ['for another audience', { aud: 'another' }, {}],
    ['without an audience', { aud: undefined }, {}],
    ['without an end', { exp: undefined }, {}],
    ['that has expired', { exp: at(-31) }, {}],
    ['that is not valid yet', { nbf: at(31) }, {}],
  ])('%s is refused', async (_, claims, names) => {
    expect(await verify(claims, typeof names === 'string' ? { subjectClaim: names } : {})).toBeUndefined();
    expect(lines).toHaveLength(1);
  });

  it.each([{ exp: at(-29) }, { nbf: at(29) }])(
    'may be off by clocks that differ by half a minute: %j',
    async (claims) => {
      expect(await verify(claims)).toBeDefined();
    },
  );

  it('that nobody signed is refused', async () => {
    const claims = { iss: issuer, aud: audience, sub: 'ada', roles: ['admin'], exp: at(300) };
    expect(await verifier().verify(new UnsecuredJWT(claims).encode())).toBeUndefined();
    const [, body] = (await tokenOf(key, clock.now())).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'one' })).toString('base64url');
    expect(await verifier().verify(`${header}.${body}.`)).toBeUndefined();
  });

  it('that is signed with what the provider publishes, as if that were a secret, is refused', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(key.publicJwk));
    const claims = { iss: issuer, aud: audience, sub: 'ada', roles: ['admin'], exp: at(300) };
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
    expect(await verifier().verify(token)).toBeUndefined();
  });

  it('that is signed in a way that is not allowed is refused, though the key is right', async () => {
    const token = await tokenOf(key, clock.now());
    expect(await verifier({ algorithms: ['RS256', 'EdDSA'] }).verify(token)).toBeUndefined();
    expect(lines.join()).toContain('ERR_JOSE_ALG_NOT_ALLOWED');
  });

  it('that somebody else signed, or changed, is refused, and is not written to the log', async () => {
    const foreign = await tokenOf(stranger, clock.now());
    expect(await verifier().verify(foreign)).toBeUndefined();
    const [header, , signature] = (await tokenOf(key, clock.now())).split('.');
    const body = (await tokenOf(key, clock.now(), { claims: { sub: 'eve' } })).split('.')[1];
    expect(await verifier().verify(`${header}.${body}.${signature}`)).toBeUndefined();
    for (const part of foreign.split('.')) expect(lines.join()).not.toContain(part);
  });

  it.each(['', 'a.b.c', '..', 'e30.e30.e30', 'x'.repeat(10_000)])('cannot be nonsense: "%.20s"', async (token) => {
    expect(await verifier().verify(token)).toBeUndefined();
  });

  it('may be signed with EdDSA', async () => {
    const ed = await signingKey('ed', 'EdDSA');
    provider.keys = [key, ed];
    expect(await verifier().verify(await tokenOf(ed, clock.now()))).toBeDefined();
    provider.keys = [key];
  });

  describe('and the keys of the provider', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['Date'] });
      provider.keys = [key];
      provider.fetched = 0;
    });
    afterEach(() => (vi.useRealTimers(), (provider.status = 200)));

    it('are fetched once, and again when a token is signed with a new one', async () => {
      const tokens = verifier();
      const next = await signingKey('two');
      const token = await tokenOf(next, clock.now());
      for (let n = 0; n < 3; n += 1) await tokens.verify(await tokenOf(key, clock.now()));
      expect(provider.fetched).toBe(1);
      provider.keys = [next];
      expect(await tokens.verify(token)).toBeUndefined();
      expect(provider.fetched).toBe(1);
      vi.setSystemTime(Date.now() + 31_000);
      expect(await tokens.verify(token)).toBeDefined();
      expect(await tokens.verify(await tokenOf(key, clock.now()))).toBeUndefined();
      expect(provider.fetched).toBe(2);
    });

    it.each([
      ['answers with an error', () => void (provider.status = 500), undefined],
      ['cannot be reached', () => {}, 'http://127.0.0.1:1/keys'],
    ])('say nothing of the token while the provider %s: that is to be tried again', async (_, fail, url) => {
      fail();
      const tokens = verifier(url === undefined ? {} : { jwksUrl: url });
      const refused = tokens.verify(await tokenOf(key, clock.now()));
      await expect(refused).rejects.toThrow(ProblemError);
      await expect(refused).rejects.toMatchObject({ status: 503, detail: expect.stringContaining('Try again') });
    });

    it('are found again by themselves', async () => {
      const tokens = verifier();
      const token = await tokenOf(key, clock.now());
      provider.status = 503;
      await expect(tokens.verify(token)).rejects.toMatchObject({ status: 503 });
      provider.status = 200;
      expect(await tokens.verify(token)).toBeDefined();
    });
  });
});
