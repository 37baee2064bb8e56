import type { KeyObject } from 'node:crypto';
import { Id } from '@countersign/contracts';
import { Role } from '@countersign/contracts/auth';
import { toEpochSeconds, type EpochMillis, EpochSeconds } from '@countersign/contracts/time';
import { errors, jwtVerify, SignJWT, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Principal } from '../principal.js';
import { CommandName } from './command.js';

const audience = 'countersign-commands';
const issuer = 'countersign';
const typ = 'countersign-command+jwt';

const Claims = z.object({
  jti: Id,
  exp: EpochSeconds,
  iat: EpochSeconds,
  sub: Id,
  name: z.string(),
  roles: z.array(Role),
  groups: z.array(z.string()),
  command: z.object({ type: CommandName, digest: z.string() }),
  credential: z.object({
    via: z.enum(['key', 'jwt', 'session', 'channel']),
    id: Id.nullable(),
    key_id: Id.nullable(),
    expires_at: EpochSeconds.nullable(),
  }),
});
/** Who commands what, by which credential, until when. */
export type CommandClaims = z.infer<typeof Claims>;

interface TokenOf {
  principal: Principal;
  command: CommandClaims['command'];
  expires_at: EpochSeconds;
}

/**
 * A short-lived token for one command over the bus. It is signed with a key that signs decisions.
 * Whoever reads the topic reads it too, so it is good for exactly that command, once.
 */
export function signCommandToken(
  { principal, command, expires_at }: TokenOf,
  { kid, privateKey }: { kid: string; privateKey: KeyObject | CryptoKey },
  now: EpochMillis,
): Promise<string> {
  const { subject, display_name: name, roles, groups, credential } = principal;
  return new SignJWT({ name, roles: [...roles], groups: [...groups], command, credential: { ...credential } })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ })
    .setJti(randomUUID())
    .setSubject(subject)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(toEpochSeconds(now))
    .setExpirationTime(expires_at)
    .sign(privateKey);
}

/**
 * What a token says, if its signature holds. Whether it is over is for whoever knows if it was used in time.
 *
 * @param keyOf finds the public key that a token names, among those that decisions are verified with
 * @returns undefined when it is no token of these
 * @throws RetryableError while keys cannot be fetched
 */
export async function readCommandToken(token: string, keyOf: JWTVerifyGetKey): Promise<CommandClaims | undefined> {
  try {
    const beforeAnyEnd = new Date(0);
    const options = { audience, issuer, typ, algorithms: ['EdDSA'], currentDate: beforeAnyEnd };
    return Claims.parse((await jwtVerify(token, keyOf, options)).payload);
  } catch (error) {
    if (isNone(error)) return undefined;
    throw error;
  }
}

const isNone = (error: unknown): boolean =>
  error instanceof errors.JOSEError ||
  error instanceof z.ZodError ||
  // The key that it names is unknown.
  (error instanceof Error && error.name === 'SignatureError');
