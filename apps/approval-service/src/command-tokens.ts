import { AuthError, principalOf, Role, type Principal } from '@countersign/auth';
import type { KeyRing } from '@countersign/signing';
import { createLocalJWKSet, errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

const audience = 'countersign-commands';
const issuer = 'countersign';
const typ = 'countersign-command+jwt';

const Claims = z.object({ sub: z.string().min(1), roles: z.array(Role), groups: z.array(z.string()) });

/**
 * Short-lived tokens with which somebody decides over the bus: they are signed with the key that signs decisions, and
 * say who decides to whoever reads the command.
 */
export class CommandTokens {
  constructor(
    private readonly ring: () => KeyRing,
    private readonly now: () => number,
  ) {}

  /** @param expires_in seconds */
  issue({ subject, roles, groups }: Principal, expires_in: number): Promise<string> {
    const { signingKey } = this.ring();
    const at = Math.floor(this.now() / 1000);
    return new SignJWT({ roles: [...roles], groups: [...groups] })
      .setProtectedHeader({ alg: 'EdDSA', kid: signingKey.kid, typ })
      .setSubject(subject)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(at)
      .setExpirationTime(at + expires_in)
      .sign(signingKey.privateKey);
  }

  /** @throws AuthError when it is none, or over. */
  async verify(token: string): Promise<Principal> {
    try {
      const keys = createLocalJWKSet({ keys: [...this.ring().publicKeys] });
      const options = { audience, issuer, typ, algorithms: ['EdDSA'], currentDate: new Date(this.now()) };
      const { payload } = await jwtVerify(token, keys, options);
      const { sub, roles, groups } = Claims.parse(payload);
      return principalOf({ subject: sub, roles, groups }, 'jwt');
    } catch (error) {
      if (!(error instanceof errors.JOSEError) && !(error instanceof z.ZodError)) throw error;
      throw new AuthError(401, 'The token does not say who decides, or is over. POST /auth/tokens makes one.');
    }
  }
}
