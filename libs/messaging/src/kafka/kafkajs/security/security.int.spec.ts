import { makeCertificates, startKafka, type Certificates, type KafkaServer } from '@countersign/infra';
import { RetryableError } from '@countersign/contracts/problems';
import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { quiet } from '../../../../test/bus.contract.js';
import { clientOf } from '../../../../test/client.js';
import { KafkaBus } from '../../kafka-bus.js';
import { missingTopics } from '../../topics.js';
import type { KafkaSecurity } from '../../clients/kafka-servers.js';

const isThere = inject('kafkaBrokers') !== undefined;

describe.skipIf(!isThere)('a broker that lets in whom it knows', () => {
  const user = { name: 'countersign', password: randomBytes(12).toString('hex') };
  const { name: username, password } = user;
  let dir: string;
  let certificates: Certificates;
  let broker: KafkaServer;
  const [issuer, audience] = ['https://id.example.com', 'kafka'];
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  /** A token as a provider of identities signs it. */
  const tokenOf = (aud = audience, key = keys.privateKey): string => {
    const at = toEpochSeconds(systemClock());
    const claims = { iss: issuer, aud, sub: 'agent-runner', iat: at, exp: at + 300, scope: 'kafka' };
    const parts = [{ alg: 'RS256', kid: 'k1', typ: 'JWT' }, claims];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  };
  const bearer = (token = tokenOf()) => ({ mechanism: 'oauthbearer' as const, token: async () => token });
  let tls: NonNullable<KafkaSecurity['tls']>;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-secured-'));
    certificates = await makeCertificates();
    const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] };
    broker = await startKafka({ dir, secured: { certificates, user, tokens: { jwks, issuer, audience } } });
    tls = { ca: certificates.ca };
  }, 120_000);
  afterAll(async () => {
    await broker?.kill();
    await rm(dir, { recursive: true, force: true });
  });

  const client = (at: string, security: KafkaSecurity) =>
    clientOf({ brokers: [at], clientId: 'secured', security, log: quiet });

  /** Publishes a message and waits until it arrives. */
  async function roundTrip(at: string, security: KafkaSecurity): Promise<string> {
    const topic = `topic-${randomBytes(6).toString('hex')}`;
    const onFatal = (error: Error) => expect.unreachable(error.message);
    const creation = { topics: [topic], partitions: 1, replicationFactor: 1, createTopics: true };
    const bus = new KafkaBus({ client: client(at, security), clientId: 'secured', log: quiet, ...creation, onFatal });
    const { promise: arrived, resolve } = Promise.withResolvers<string>();
    bus.subscribe({ group: topic, topics: [topic], handle: async ({ value }) => resolve(String(value)) });
    await bus.publish([{ topic, key: null, headers: {}, value: Buffer.from('a secret') }]);
    return arrived.finally(() => bus.close());
  }

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'takes a user with a password by %s',
    async (mechanism) => {
      const sasl = { mechanism, username, password };
      expect(await roundTrip(broker.secured!.password, { tls, sasl })).toBe('a secret');
    },
    60_000,
  );

  it('takes a client with a token of a provider of identities', async () => {
    expect(await roundTrip(broker.secured!.password, { tls, sasl: bearer() })).toBe('a secret');
  }, 60_000);

  it('is waited for while the provider of identities is away', async () => {
    const token = async () => Promise.reject(new RetryableError('away'));
    const sasl = { mechanism: 'oauthbearer' as const, token };
    const asked = missingTopics(client(broker.secured!.password, { tls, sasl }), []);
    await expect(asked).rejects.toThrow(RetryableError);
  });

  it('says that a token is refused, which waiting does not mend', async () => {
    const asked = missingTopics(client(broker.secured!.password, { tls, sasl: bearer('garbage') }), []);
    await expect(asked).rejects.toThrow(/does not take the token: invalid_token/);
    await expect(asked).rejects.not.toThrow(RetryableError);
  });

  it('takes a client with a certificate', async () => {
    const shown = { ...tls, ...certificates.client };
    expect(await roundTrip(broker.secured!.certificate, { tls: shown })).toBe('a secret');
  }, 60_000);

  it.each<[string, 'password' | 'certificate', () => KafkaSecurity]>([
    [
      'somebody with another password',
      'password',
      () => ({ tls, sasl: { mechanism: 'scram-sha-512', username, password: 'another' } }),
    ],
    ['somebody with a token for others', 'password', () => ({ tls, sasl: bearer(tokenOf('others')) })],
    [
      'somebody with a token of others',
      'password',
      () => ({ tls, sasl: bearer(tokenOf(audience, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)) }),
    ],
    ['somebody without a password', 'password', () => ({ tls })],
    ['somebody without a certificate', 'certificate', () => ({ tls })],
    ['somebody who does not encrypt', 'password', () => ({})],
    [
      'somebody who does not know its authority',
      'password',
      () => ({ tls: {}, sasl: { mechanism: 'plain', username, password } }),
    ],
  ])('does not serve %s, and says so', async (_, how, security) => {
    await expect(missingTopics(client(broker.secured![how], security()), [])).rejects.toThrow();
  });
});
