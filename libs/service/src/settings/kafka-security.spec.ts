import { RetryableError } from '@countersign/contracts/problems';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from './config.js';
import { kafkaSecurity, kafkaSecuritySettings } from './kafka-security.js';

const read = (env: Record<string, string>) => kafkaSecurity(readConfig(z.object(kafkaSecuritySettings), env));
const user = { KAFKA_SASL_USERNAME: 'ada', KAFKA_SASL_PASSWORD: 'a secret' };

describe('how Kafka is spoken to', () => {
  let dir: string;
  const file = (name: string) => join(dir, name);
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-pem-'));
    for (const name of ['ca', 'cert', 'key']) writeFileSync(file(name), `the ${name}`);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('is in the clear unless something is said', () => {
    expect(read({})).toEqual({});
    expect(read({ KAFKA_TLS: 'false' })).toEqual({});
  });

  it('is encrypted, by authorities of the system or of a file, and with a certificate of its own', () => {
    expect(read({ KAFKA_TLS: 'true' })).toEqual({ tls: {} });
    const shown = { KAFKA_TLS_CERT_FILE: file('cert'), KAFKA_TLS_KEY_FILE: file('key') };
    expect(read({ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: file('ca'), ...shown })).toEqual({
      tls: { ca: 'the ca', cert: 'the cert', key: 'the key' },
    });
  });

  it('is with a user and a password', () => {
    const sasl = { username: 'ada', password: 'a secret' };
    expect(read({ KAFKA_TLS: 'true', KAFKA_SASL_MECHANISM: 'plain', ...user })).toEqual({
      tls: {},
      sasl: { mechanism: 'plain', ...sasl },
    });
    expect(read({ KAFKA_SASL_MECHANISM: 'scram-sha-512', ...user })).toEqual({
      sasl: { mechanism: 'scram-sha-512', ...sasl },
    });
  });

  const bearer = {
    KAFKA_TLS: 'true',
    KAFKA_SASL_MECHANISM: 'oauthbearer',
    KAFKA_OAUTH_TOKEN_ENDPOINT: 'https://id.example.com/token',
    ...user,
  };
  it('is with tokens of a provider of identities', () => {
    expect(read({ ...bearer, KAFKA_OAUTH_EXTENSIONS: 'logicalCluster=lkc-1,identityPoolId=pool-1' })).toEqual({
      tls: {},
      sasl: {
        mechanism: 'oauthbearer',
        token: expect.any(Function),
        extensions: { logicalCluster: 'lkc-1', identityPoolId: 'pool-1' },
      },
    });
  });

  it('is with the token of a file, as it is at each login', async () => {
    const at = file('token');
    const { sasl } = read({ KAFKA_TLS: 'true', KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_OAUTH_TOKEN_FILE: at });
    const token = (sasl as { token(): Promise<string> }).token;
    await expect(token()).rejects.toThrow(RetryableError);
    writeFileSync(at, 'the-first\n');
    expect(await token()).toBe('the-first');
    writeFileSync(at, 'the-second');
    expect(await token()).toBe('the-second');
    for (const none of ['', 'two words\n', 'a\nb']) {
      writeFileSync(at, none);
      await expect(token()).rejects.toThrow(/has no token/);
    }
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a token of a file and one of an endpoint',
      { ...bearer, KAFKA_OAUTH_TOKEN_FILE: '/t' },
      /not with KAFKA_OAUTH_TOKEN_FILE/,
    ],
    ['a token of a file for nothing', { KAFKA_OAUTH_TOKEN_FILE: '/t' }, /only with KAFKA_SASL_MECHANISM=oauthbearer/],
    [
      'a token of a file in the clear',
      { KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_OAUTH_TOKEN_FILE: '/t' },
      /sends the token as it is/,
    ],
    ['a token that would be sent in the clear', { ...bearer, KAFKA_TLS: 'false' }, /set KAFKA_TLS=true/],
    [
      'a secret that would be',
      { ...bearer, KAFKA_OAUTH_TOKEN_ENDPOINT: 'http://id.example.com/token' },
      /it must be https/,
    ],
    ['nowhere to get a token', { ...user, KAFKA_TLS: 'true', KAFKA_SASL_MECHANISM: 'oauthbearer' }, /TOKEN_ENDPOINT/],
    ['tokens that would not be used', { KAFKA_OAUTH_SCOPE: 'kafka' }, /only with KAFKA_SASL_MECHANISM=oauthbearer/],
    ['extensions that are none', { ...bearer, KAFKA_OAUTH_EXTENSIONS: 'a' }, /KAFKA_OAUTH_EXTENSIONS/],
    ['a password that would be sent in the clear', { KAFKA_SASL_MECHANISM: 'plain', ...user }, /set KAFKA_TLS=true/],
    ['a user without a mechanism', user, /all or none/],
    ['a mechanism without a user', { KAFKA_SASL_MECHANISM: 'scram-sha-256' }, /all or none/],
    ['a mechanism that is none', { KAFKA_SASL_MECHANISM: 'gssapi', ...user }, /KAFKA_SASL_MECHANISM/],
    ['files that would not be used', { KAFKA_TLS_CA_FILE: 'ca.pem' }, /KAFKA_TLS_CA_FILE: only with KAFKA_TLS=true/],
    ['a certificate without its key', { KAFKA_TLS: 'true', KAFKA_TLS_CERT_FILE: 'cert.pem' }, /both or none/],
    ['a file that is not there', { KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/no/such.pem' }, /KAFKA_TLS_CA_FILE: ENOENT/],
  ])('is not with %s', (_, env, problem) => {
    expect(() => read(env)).toThrow(problem);
  });
});
