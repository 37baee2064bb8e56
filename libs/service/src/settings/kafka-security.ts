import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import { systemClock } from '@countersign/contracts/time';
import type { KafkaSecurity } from '@countersign/messaging/kafka';
import { clientCredentials, isSentInSecret } from '@countersign/outbound';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export const kafkaSecuritySettings = {
  KAFKA_TLS: z
    .stringbool()
    .default(false)
    .meta({ description: 'Whether connections to Kafka are encrypted.', example: 'true' }),
  KAFKA_TLS_CA_FILE: z.string().optional().meta({
    description: 'PEM file with the certificate authorities to trust.',
    unset: 'those of the system',
    example: '/etc/kafka/ca.pem',
  }),
  KAFKA_TLS_CERT_FILE: z.string().optional().meta({
    description: 'PEM file with the client certificate and its chain. Set together with its key.',
    unset: 'no client certificate',
    example: '/etc/kafka/client.pem',
  }),
  KAFKA_TLS_KEY_FILE: z.string().optional().meta({
    description: 'PEM file with the private key of the client certificate.',
    unset: 'no client certificate',
    example: '/etc/kafka/client.key',
  }),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']).optional().meta({
    description:
      'How the service logs in. `plain` and `oauthbearer` are refused without `KAFKA_TLS=true`. With username and password, or none of the three.',
    unset: 'no login',
    example: 'scram-sha-512',
  }),
  KAFKA_SASL_USERNAME: z.string().optional().meta({
    description: 'User of the login; with `oauthbearer` the id of the client.',
    unset: 'no login',
    example: 'agent-runner',
  }),
  KAFKA_SASL_PASSWORD: z.string().optional().meta({
    description: 'Password of the login; with `oauthbearer` the secret of the client.',
    unset: 'no login',
    example: 'a-long-password',
    secret: true,
  }),
  KAFKA_OAUTH_TOKEN_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description:
        'Where `oauthbearer` gets its tokens, by the client credentials of OAuth 2.0: https, unless it is on this machine.',
      unset: 'no tokens',
      example: 'https://id.example.com/oauth2/token',
    }),
  KAFKA_OAUTH_TOKEN_FILE: z.string().min(1).optional().meta({
    description:
      'A file with the token of `oauthbearer`, read at each login, which somebody else renews: a projected token of Kubernetes, or one of Amazon MSK IAM. In place of the endpoint, and without username and password.',
    unset: 'tokens of the endpoint',
    example: '/var/run/secrets/kafka/token',
  }),
  KAFKA_OAUTH_SCOPE: z.string().min(1).optional().meta({
    description: 'The scope of the tokens.',
    unset: 'what the provider gives',
    example: 'api://kafka/.default',
  }),
  KAFKA_OAUTH_EXTENSIONS: z
    .string()
    .regex(/^[A-Za-z]+=[^,=\s]+(,[A-Za-z]+=[^,=\s]+)*$/, 'must be name=value, several separated by commas')
    .optional()
    .meta({
      description: 'What the brokers want beside the token.',
      unset: 'nothing',
      example: 'logicalCluster=lkc-123,identityPoolId=pool-1',
    }),
};

export type KafkaSecuritySettings = z.infer<z.ZodObject<typeof kafkaSecuritySettings>>;

/** How Kafka is to be spoken to. @throws ConfigError */
export function kafkaSecurity(settings: KafkaSecuritySettings): KafkaSecurity {
  const [tls, sasl] = [tlsOf(settings), saslOf(settings)];
  if ((sasl?.mechanism === 'plain' || sasl?.mechanism === 'oauthbearer') && !tls) {
    const what = sasl.mechanism === 'plain' ? 'password' : 'token';
    throw new ConfigError(
      `KAFKA_SASL_MECHANISM: ${sasl.mechanism} sends the ${what} as it is; set KAFKA_TLS=true, or use scram.`,
    );
  }
  return { ...(tls && { tls }), ...(sasl && { sasl }) };
}

function tlsOf(settings: KafkaSecuritySettings): KafkaSecurity['tls'] {
  const { KAFKA_TLS, KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE } = settings;
  const files = { KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE };
  const set = Object.entries(files).flatMap(([name, file]) => (file === undefined ? [] : [name]));
  if (!KAFKA_TLS) {
    if (set.length > 0) throw new ConfigError(`${set.join(', ')}: only with KAFKA_TLS=true`);
    return undefined;
  }
  if ((KAFKA_TLS_CERT_FILE === undefined) !== (KAFKA_TLS_KEY_FILE === undefined))
    throw new ConfigError('KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE: both or none');
  const pem = (name: keyof typeof files): string | undefined => textOf(name, files[name]);
  const [ca, cert, key] = [pem('KAFKA_TLS_CA_FILE'), pem('KAFKA_TLS_CERT_FILE'), pem('KAFKA_TLS_KEY_FILE')];
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && key !== undefined && { cert, key }) };
}

function saslOf(settings: KafkaSecuritySettings): KafkaSecurity['sasl'] {
  const { KAFKA_OAUTH_TOKEN_ENDPOINT, KAFKA_OAUTH_TOKEN_FILE, KAFKA_OAUTH_SCOPE, KAFKA_OAUTH_EXTENSIONS } = settings;
  const oauth = { KAFKA_OAUTH_TOKEN_ENDPOINT, KAFKA_OAUTH_TOKEN_FILE, KAFKA_OAUTH_SCOPE, KAFKA_OAUTH_EXTENSIONS };
  const unused = Object.entries(oauth).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (settings.KAFKA_SASL_MECHANISM !== 'oauthbearer' && unused.length > 0)
    throw new ConfigError(`${unused.join(', ')}: only with KAFKA_SASL_MECHANISM=oauthbearer`);
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (KAFKA_OAUTH_TOKEN_FILE !== undefined) {
    const others = {
      KAFKA_SASL_USERNAME: username,
      KAFKA_SASL_PASSWORD: password,
      KAFKA_OAUTH_TOKEN_ENDPOINT,
      KAFKA_OAUTH_SCOPE,
    };
    const set = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (set.length > 0) throw new ConfigError(`${set.join(', ')}: not with KAFKA_OAUTH_TOKEN_FILE`);
    return withTokens(() => tokenIn(KAFKA_OAUTH_TOKEN_FILE), settings);
  }
  if (mechanism === undefined || username === undefined || password === undefined)
    throw new ConfigError('KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: all or none');
  if (mechanism === 'oauthbearer') return withTokens(endpointOf(settings, username, password), settings);
  return { mechanism, username, password };
}

function endpointOf(settings: KafkaSecuritySettings, id: string, secret: string): () => Promise<string> {
  const { KAFKA_OAUTH_TOKEN_ENDPOINT: endpoint, KAFKA_OAUTH_SCOPE: scope } = settings;
  if (endpoint === undefined)
    throw new ConfigError('KAFKA_OAUTH_TOKEN_ENDPOINT or KAFKA_OAUTH_TOKEN_FILE: oauthbearer needs one of them');
  if (!isSentInSecret(endpoint))
    throw new ConfigError('KAFKA_OAUTH_TOKEN_ENDPOINT: the secret is sent there as it is; it must be https');
  const credentials = clientCredentials({ endpoint, id, secret: () => secret, scope, now: systemClock });
  return () => credentials.token();
}

function withTokens(
  token: () => Promise<string>,
  { KAFKA_OAUTH_EXTENSIONS: list }: KafkaSecuritySettings,
): KafkaSecurity['sasl'] {
  const extensions = list && Object.fromEntries(list.split(',').map((each) => each.split('=') as [string, string]));
  return { mechanism: 'oauthbearer', token, ...(extensions && { extensions }) };
}

/** It may be late, or written anew just now. */
async function tokenIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new RetryableError(`KAFKA_OAUTH_TOKEN_FILE: ${(cause as Error).message}`, { cause });
  });
  if (!/^[\x21-\x7e]+$/.test(text.trim())) throw new RetryableError(`KAFKA_OAUTH_TOKEN_FILE: ${file} has no token`);
  return text.trim();
}

function textOf(name: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: ${(cause as Error).message}`, { cause });
  }
}
