import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { authSettings, jwtOptions } from './settings.js';

const Settings = z.object(authSettings);
const provider = {
  AUTH_JWKS_URL: 'https://id.example/keys',
  AUTH_ISSUER: 'https://id.example',
  AUTH_AUDIENCE: 'countersign',
};
const optionsFor = (environment: Record<string, string>) => jwtOptions(Settings.parse(environment));

describe('the settings', () => {
  it('take no tokens by default', () => {
    expect(optionsFor({})).toBeUndefined();
  });

  it('take those of a provider that is named', () => {
    expect(optionsFor(provider)).toEqual({
      jwksUrl: 'https://id.example/keys',
      issuer: 'https://id.example',
      audience: 'countersign',
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      subjectClaim: 'sub',
      rolesClaim: 'roles',
      groupsClaim: 'groups',
    });
  });

  it.each(Object.keys(provider))('are wrong when only %s is missing, or is all there is', (name) => {
    const { [name as keyof typeof provider]: only, ...rest } = provider;
    expect(() => optionsFor(rest)).toThrow(`set ${name} too, or none of them`);
    expect(() => optionsFor({ [name]: only! })).toThrow('belong together');
  });

  it.each(['none', 'HS256', 'RS256,HS512', 'rs256', ''])('never allow the algorithms "%s"', (AUTH_ALGORITHMS) => {
    expect(() => optionsFor({ ...provider, AUTH_ALGORITHMS })).toThrow('must be of RS256');
  });

  it('allow others that only the issuer can sign with', () => {
    expect(optionsFor({ ...provider, AUTH_ALGORITHMS: 'PS256, ES384' })?.algorithms).toEqual(['PS256', 'ES384']);
  });

  it.each([
    ['ADMIN_KEY', 'x'.repeat(31), 'must have at least 32 characters'],
    ['ADMIN_KEY', 'x'.repeat(32) + ' x', 'without spaces'],
    ['AUTH_JWKS_URL', 'ftp://id.example/keys', 'must be an http(s) address'],
  ])('refuse a bad %s', (name, value, problem) => {
    expect(Settings.safeParse({ [name]: value }).error?.message).toContain(problem);
  });

  it('say what each of them is', () => {
    for (const [name, schema] of Object.entries(authSettings))
      expect(schema.meta()?.description, name).toEqual(expect.any(String));
  });
});
