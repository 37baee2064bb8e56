import { ConfigError } from '@countersign/contracts/problems';
import { z } from 'zod';
import type { JwtOptions } from './identity-provider/jwt.js';

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
    .meta({
      description:
        'An API key with the role `admin`, to create the first keys with. At least 32 visible ASCII characters.',
      unset: 'only the keys in the store; `npm start` makes one in `DATA_DIR`',
      example: 'cs_0123456789abcdef_a-secret-of-forty-three-characters',
      secret: true,
    }),
  AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
    .optional()
    .meta({
      description: 'JWKS address of the identity provider. Set together with issuer and audience.',
      unset: 'tokens of a provider are refused',
      example: 'https://login.example.com/.well-known/jwks.json',
    }),
  AUTH_ISSUER: z.string().min(1).optional().meta({
    description: 'The `iss` that tokens must have.',
    unset: 'tokens of a provider are refused',
    example: 'https://login.example.com',
  }),
  AUTH_AUDIENCE: z.string().min(1).optional().meta({
    description: 'The `aud` that tokens must have.',
    unset: 'tokens of a provider are refused',
    example: 'countersign',
  }),
  AUTH_ALGORITHMS: z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(algorithms, `must be of ${algorithms.join(', ')}, several separated by commas`)))
    .prefault('RS256,ES256,EdDSA')
    .meta({ description: 'Signature algorithms that tokens may have, separated by commas.', example: 'ES256' }),
  AUTH_SUBJECT_CLAIM: claim
    .default('sub')
    .meta({ description: 'The claim with the name of the subject.', example: 'email' }),
  AUTH_ROLES_CLAIM: claim
    .default('roles')
    .meta({ description: 'The claim with the roles; dots lead into objects.', example: 'realm_access.roles' }),
  AUTH_GROUPS_CLAIM: claim.default('groups').meta({
    description: 'The claim with the groups; dots lead into objects.',
    example: 'resource_access.countersign.groups',
  }),
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
