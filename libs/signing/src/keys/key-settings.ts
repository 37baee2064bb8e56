import { z } from 'zod';
import type { KeyRing } from './key-ring.js';
import { ringOf, verifierOf } from './named-keys.js';
import type { Verifier } from '../signature/verifier.js';

const text = z.string().optional();
const address = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional();

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

type SigningFields<N extends string> = Record<N | `${N}_FILE`, typeof text>;
type VerifyingFields<N extends string> = Record<N | `${N}_FILE`, typeof text> & Record<`${N}_URL`, typeof address>;
type Values<Fields extends z.ZodRawShape> = z.infer<z.ZodObject<Fields>>;

/** The settings for the keys of one kind of statement, and what opens them: each kind has a ring of its own. */
export function keySettings<const S extends string, const V extends string>(use: KeyUse<S, V>) {
  const { signing, verifying, says, of, publisher, url, file } = use;
  const read = (settings: object, ...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, (settings as Record<string, string | undefined>)[name]]));

  /** The ring that the settings name, as `openKeyRing`. */
  const openRing = (settings: Values<SigningFields<S>>, embeddedIn?: string): Promise<KeyRing> =>
    ringOf(read(settings, signing, `${signing}_FILE`), embeddedIn, file);

  /** The verifier that the settings name, as `openVerifier`. */
  const openVerifier = (
    settings: Values<VerifyingFields<V>> & Values<SigningFields<S>>,
    embeddedIn?: string,
  ): Promise<Verifier> => {
    const named = read(settings, verifying, `${verifying}_FILE`, `${verifying}_URL`);
    return verifierOf(named, embeddedIn, () => openRing(settings, embeddedIn));
  };

  return {
    signing: {
      [signing]: text.meta({
        description: says,
        unset: `see \`${signing}_FILE\``,
        example: '{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}',
      }),
      [`${signing}_FILE`]: text.meta({
        description: 'The file with these keys.',
        unset: 'embedded: made in `DATA_DIR` at the first start; else the start is refused',
        example: `/run/secrets/${signing.toLowerCase()}`,
      }),
    } as SigningFields<S>,
    verifying: {
      [verifying]: text.meta({
        description: `Public keys that verify ${of}: a JWK or a JWKS.`,
        unset: `see \`${verifying}_URL\``,
        example: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"…"}]}',
      }),
      [`${verifying}_FILE`]: text.meta({
        description: 'The file with these keys.',
        unset: `see \`${verifying}_URL\``,
        example: `/etc/countersign/${verifying.toLowerCase().replace('_', '-')}.json`,
      }),
      [`${verifying}_URL`]: address.meta({
        description: `Where the ${publisher} publishes these keys. Whoever answers there can sign: use https outside one machine. Exactly one of the three is set.`,
        unset: 'embedded: its own keys; else the start is refused',
        example: url,
      }),
    } as VerifyingFields<V>,
    openRing,
    openVerifier,
  };
}
