import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Certificates } from './certificates.js';

/** How a broker lets clients in that it has to know. */
export interface SecuredKafka {
  certificates: Certificates;
  user: { name: string; password: string };
  /** Whose signed tokens it takes, by a JWKS. */
  tokens?: { jwks: object; issuer: string; audience: string };
}

/** Ports for clients with a password, and for those with a certificate. */
export interface SecuredPorts {
  password: number;
  certificate: number;
}

export const listenersOf = ({ password, certificate }: SecuredPorts): string =>
  `,PASSWORD://127.0.0.1:${password},CERTIFICATE://127.0.0.1:${certificate}`;

/** What `StorageTool format` has to know of the user; a password of SCRAM is in the log of the cluster itself. */
export const scramOf = ({ user: { name, password } }: SecuredKafka): string[] =>
  [256, 512].map((bits) => `--add-scram=SCRAM-SHA-${bits}=[name=${name},password=${password}]`);

/** Writes keys and certificates, and returns the settings that name them. */
export async function secure(dir: string, { certificates, user, tokens }: SecuredKafka): Promise<string> {
  const { ca, server } = certificates;
  const [keys, trusted] = [join(dir, 'server.pem'), join(dir, 'ca.pem')];
  await writeFile(keys, `${server.key}\n${server.cert}`, { mode: 0o600 });
  await writeFile(trusted, ca);
  if (tokens) await writeFile(jwksIn(dir), JSON.stringify(tokens.jwks));
  const mechanisms = `PLAIN,SCRAM-SHA-256,SCRAM-SHA-512${tokens ? ',OAUTHBEARER' : ''}`;
  const security = 'org.apache.kafka.common.security';
  return `
ssl.keystore.type=PEM
ssl.keystore.location=${keys.replaceAll('\\', '/')}
ssl.truststore.type=PEM
ssl.truststore.location=${trusted.replaceAll('\\', '/')}
listener.name.certificate.ssl.client.auth=required
listener.name.password.sasl.enabled.mechanisms=${mechanisms}
listener.name.password.plain.sasl.jaas.config=${security}.plain.PlainLoginModule required user_${user.name}="${user.password}";
listener.name.password.scram-sha-256.sasl.jaas.config=${security}.scram.ScramLoginModule required;
listener.name.password.scram-sha-512.sasl.jaas.config=${security}.scram.ScramLoginModule required;
${tokens ? bearer(dir, tokens) : ''}`;
}

const jwksIn = (dir: string): string => join(dir, 'jwks.json');
const urlOf = (path: string): string => pathToFileURL(path).href;

/** The broker opens what these properties of the JVM allow it to, and nothing else. */
export const propertiesOf = (dir: string, { tokens }: SecuredKafka): string[] =>
  tokens ? [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${urlOf(jwksIn(dir))}`] : [];

const bearer = (dir: string, { issuer, audience }: NonNullable<SecuredKafka['tokens']>): string => `
listener.name.password.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.password.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwks.endpoint.url=${urlOf(jwksIn(dir))}
sasl.oauthbearer.jwt.validator.class=org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator
sasl.oauthbearer.expected.issuer=${issuer}
sasl.oauthbearer.expected.audience=${audience}
`;
