import { errors, jwtVerify, SignJWT, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { AuthError } from './auth-error.js';
import { principalOf, Role, type Principal } from './principal.js';

const audience = 'countersign-commands';
const issuer = 'countersign';
const typ = 'countersign-command+jwt';

const Claims = z.object({
  sub: z.string().min(1),
  roles: z.array(Role),
  groups: z.array(z.string()),
  for: z.string().optional(),
});

export interface CommandTokenOptions {
  /** Seconds. */
  expires_in: number;
  /** What alone it commands: the id of an approval or a run, the name of an agent or a tool. Unset: anything. */
  for?: string | undefined;
}

/**
 * A short-lived token with which somebody commands over the bus. It is signed with a key that signs decisions, and says
 * who commands to whoever reads the command. Whoever reads the topic reads it too, so it had better be for one thing.
 *
 * @param now epoch milliseconds
 */
export function issueCommandToken(
  { subject, roles, groups }: Principal,
  { expires_in, for: one }: CommandTokenOptions,
  { kid, privateKey }: { kid: string; privateKey: CryptoKey },
  now: number,
): Promise<string> {
  const at = Math.floor(now / 1000);
  return new SignJWT({ roles: [...roles], groups: [...groups], ...(one !== undefined && { for: one }) })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ })
    .setSubject(subject)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(at)
    .setExpirationTime(at + expires_in)
    .sign(privateKey);
}

/**
 * @param keyOf finds the public key that a token names, among those that decisions are verified with
 * @param now epoch milliseconds
 * @param about what is commanded; a token that is for something must be for one of these
 * @throws AuthError when it is no token of these, over, or for something else; RetryableError while keys cannot be
 * fetched
 */
export async function verifyCommandToken(
  token: string,
  keyOf: JWTVerifyGetKey,
  now: number,
  about: readonly string[],
): Promise<Principal> {
  try {
    const options = { audience, issuer, typ, algorithms: ['EdDSA'], currentDate: new Date(now) };
    const { payload } = await jwtVerify(token, keyOf, options);
    const { sub, roles, groups, for: one } = Claims.parse(payload);
    if (one !== undefined && !about.includes(one))
      throw new AuthError(403, `The token is for "${one}", and this is something else.`);
    return principalOf({ subject: sub, roles, groups }, 'jwt');
  } catch (error) {
    if (!isNone(error)) throw error;
    throw new AuthError(401, 'The token does not say who commands, or is over. POST /auth/tokens makes one.');
  }
}

const isNone = (error: unknown): boolean =>
  error instanceof errors.JOSEError ||
  error instanceof z.ZodError ||
  // The key that it names is nobody's.
  (error instanceof Error && error.name === 'SignatureError');
