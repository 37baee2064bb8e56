import { ConfigError } from '@countersign/contracts/problems';
import type { KafkaSecurity } from '@countersign/messaging/kafka';
import { readFileSync } from 'node:fs';
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
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional().meta({
    description:
      'How the service logs in. `plain` is refused without `KAFKA_TLS=true`. All three `KAFKA_SASL_` or none.',
    unset: 'no login',
    example: 'scram-sha-512',
  }),
  KAFKA_SASL_USERNAME: z
    .string()
    .optional()
    .meta({ description: 'User of the login.', unset: 'no login', example: 'agent-runner' }),
  KAFKA_SASL_PASSWORD: z.string().optional().meta({
    description: 'Password of the login.',
    unset: 'no login',
    example: 'a-long-password',
    secret: true,
  }),
};

export type KafkaSecuritySettings = z.infer<z.ZodObject<typeof kafkaSecuritySettings>>;

/** How Kafka is to be spoken to. @throws ConfigError */
export function kafkaSecurity(settings: KafkaSecuritySettings): KafkaSecurity {
  const [tls, sasl] = [tlsOf(settings), saslOf(settings)];
  if (sasl?.mechanism === 'plain' && !tls)
    throw new ConfigError('KAFKA_SASL_MECHANISM: plain sends the password as it is; set KAFKA_TLS=true, or use scram.');
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
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism === undefined || username === undefined || password === undefined)
    throw new ConfigError('KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: all or none');
  return { mechanism, username, password };
}

function textOf(name: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: ${(cause as Error).message}`, { cause });
  }
}
