import { z } from 'zod';
import type { KeyRing } from './key-ring.js';
import { isKeyUrl, ringOf, verifierOf } from './named-keys.js';
import type { Verifier } from '../signature/verifier.js';

const keys = z.string().optional();
/** What begins like a URL must be one, so that a typing error is reported at the start and not at the first signature. */
const keysOrUrl = z
  .string()
  .refine((value) => !isKeyUrl(value) || URL.canParse(value), 'must be a URL, file: and a path, or the keys themselves')
  .optional();

/** Whose keys they are, and what for. */
interface KeyUse<Signing extends string, Verifying extends string> {
  /** The setting with the private keys. */
  signing: Signing;
  /** The setting with the public ones. */
  verifying: Verifying;
  /** What the private keys are, for the reference. */
  says: string;
  /** What is verified, and who publishes the public keys. */
  of: string;
  publisher: string;
  /** Where it does so, as an example. */
  url: string;
  /** In the data directory of an embedded process that no setting gives keys. */
  file: string;
}

type SigningFields<N extends string> = Record<N, typeof keys>;
type VerifyingFields<N extends string> = Record<N, typeof keysOrUrl>;
type Values<Fields extends z.ZodRawShape> = z.infer<z.ZodObject<Fields>>;

/** The settings for the keys of one kind of statement, and what opens them: each kind has a ring of its own. */
export function keySettings<const S extends string, const V extends string>(use: KeyUse<S, V>) {
  const { signing, verifying, says, of, publisher, url, file } = use;
  const read = (settings: object, name: string) => ({
    name,
    value: (settings as Record<string, string | undefined>)[name],
  });

  /** The ring that the setting names, as `openKeyRing`. */
  const openRing = (settings: Values<SigningFields<S>>, embeddedIn?: string): Promise<KeyRing> =>
    ringOf(read(settings, signing), embeddedIn, file);

  /** The verifier that the setting names, as `openVerifier`. */
  const openVerifier = (
    settings: Values<VerifyingFields<V>> & Values<SigningFields<S>>,
    embeddedIn?: string,
  ): Promise<Verifier> => verifierOf(read(settings, verifying), embeddedIn, () => openRing(settings, embeddedIn));

  return {
    signing: {
      [signing]: keys.meta({
        description: `${says} Their text, or \`file:\` and a path.`,
        secret: true,
        unset: 'embedded: made in `DATA_DIR` at the first start; else the start is refused',
        example: `file:/run/secrets/${signing.toLowerCase()}`,
      }),
    } as SigningFields<S>,
    verifying: {
      [verifying]: keysOrUrl.meta({
        description: `Public keys that verify ${of}: a JWK or a JWKS as text, \`file:\` and a path, or the URL where the ${publisher} publishes them. The server at a URL is trusted: use https outside one machine.`,
        unset: 'embedded: its own keys; else the start is refused',
        example: url,
      }),
    } as VerifyingFields<V>,
    openRing,
    openVerifier,
  };
}
