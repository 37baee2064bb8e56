import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: Parameters<SignJWT['sign']>[0];
  publicJwk: Awaited<ReturnType<typeof exportJWK>>;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const issuer = 'https://id.example';
export const audience = 'countersign';

/** A token of Ada's that is valid for five minutes, but for what is said otherwise. */
export function tokenOf(
  { kid, alg, privateKey }: SigningKey,
  now: EpochMillis,
  { claims = {}, header = {} }: { claims?: JWTPayload; header?: object } = {},
): Promise<string> {
  const at = toEpochSeconds(now);
  const payload = { iss: issuer, aud: audience, sub: 'ada', roles: ['approver'], iat: at, exp: at + 300, ...claims };
  const said = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  return new SignJWT(said).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}

export interface IdentityProvider {
  url: string;
  /** What it publishes. */
  keys: SigningKey[];
  /** What it answers with; anything but 200 is a failure of its own. */
  status: number;
  /** How often its keys were fetched. */
  fetched: number;
  close(): Promise<void>;
}

export async function startIdentityProvider(keys: SigningKey[]): Promise<IdentityProvider> {
  const server = createServer((_, response) => {
    provider.fetched += 1;
    response.statusCode = provider.status;
    response.end(JSON.stringify({ keys: provider.keys.map(({ publicJwk }) => publicJwk) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: IdentityProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    keys,
    status: 200,
    fetched: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}
