import { ConfigError } from '@countersign/contracts';
import { z } from 'zod';
import type { JwtOptions } from './jwt.js';

/** Signatures that only the issuer can make. `none` and the HS family, where whoever verifies can sign, are not here. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const claim = z.string().min(1).max(200);

/** How requests are recognised. Besides these there are the keys in the store. */
export const authSettings = {
  ADMIN_KEY: z
    .string()
    .min(32, 'must have at least 32 characters')
    .regex(/^[!-~]*$/, 'must consist of visible ASCII characters, without spaces, to fit into a header')
    .optional()
    .meta({ description: 'A key with the role admin, to begin with. At least 32 characters.', secret: true }),
  AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
    .optional()
    .meta({ description: "Where the identity provider's public keys are. Unset: no tokens of a provider are taken." }),
  AUTH_ISSUER: z.string().min(1).optional().meta({ description: 'The `iss` that tokens must have.' }),
  AUTH_AUDIENCE: z.string().min(1).optional().meta({ description: 'The `aud` that tokens must have.' }),
  AUTH_ALGORITHMS: z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(algorithms, `must be of ${algorithms.join(', ')}, several separated by commas`)))
    .prefault('RS256,ES256,EdDSA')
    .meta({ description: 'Signatures that tokens may have, separated by commas.' }),
  AUTH_SUBJECT_CLAIM: claim
    .default('sub')
    .meta({ description: 'The claim that says who it is; `email`, for one, reads better in a record.' }),
  AUTH_ROLES_CLAIM: claim
    .default('roles')
    .meta({ description: 'The claim with the roles; with dots, the way into an object.' }),
  AUTH_GROUPS_CLAIM: claim
    .default('groups')
    .meta({ description: 'The claim with the groups; with dots, the way into an object.' }),
};

export type AuthSettings = z.infer<z.ZodObject<typeof authSettings>>;

/** @returns undefined when no tokens are taken. @throws ConfigError when only a part of it is set. */
export function jwtOptions(settings: AuthSettings): JwtOptions | undefined {
  const { AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE } = settings;
  const required = { AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE };
  const missing = Object.entries(required).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length === 3) return undefined;
  if (AUTH_JWKS_URL === undefined || AUTH_ISSUER === undefined || AUTH_AUDIENCE === undefined) {
    throw new ConfigError(
      `AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE belong together: set ${missing.join(' and ')} too, or none of them.`,
    );
  }
  return {
    jwksUrl: AUTH_JWKS_URL,
    issuer: AUTH_ISSUER,
    audience: AUTH_AUDIENCE,
    algorithms: settings.AUTH_ALGORITHMS,
    subjectClaim: settings.AUTH_SUBJECT_CLAIM,
    rolesClaim: settings.AUTH_ROLES_CLAIM,
    groupsClaim: settings.AUTH_GROUPS_CLAIM,
  };
}
