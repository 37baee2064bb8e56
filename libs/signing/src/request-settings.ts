import { z } from 'zod';
import type { KeyRing } from './key-ring.js';
import { ringOf, verifierOf } from './named-keys.js';
import type { Verifier } from './verifier.js';

const text = z.string().optional();

/** For the runner. */
export const requestSigningSettings = {
  REQUEST_SIGNING_KEYS: text.meta({
    description:
      'Private keys that requests for approval and ends of runs are signed with, in the form of `SIGNING_KEYS`; never the same keys.',
    unset: 'see `REQUEST_SIGNING_KEYS_FILE`',
    example: '{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}',
  }),
  REQUEST_SIGNING_KEYS_FILE: text.meta({
    description: 'The file with these keys.',
    unset: 'embedded: made in `DATA_DIR` at the first start; else the start is refused',
    example: '/run/secrets/request_signing_keys',
  }),
};
export type RequestSigningSettings = z.infer<z.ZodObject<typeof requestSigningSettings>>;

/** For whoever acts on requests and ends of runs. */
export const requestVerifyingSettings = {
  APPROVAL_REQUESTS: z.enum(['signed', 'trusted']).default('signed').meta({
    description:
      '`signed`: a request for approval, or the end of a run, counts only with the signature of a runner. `trusted`: whoever can write to the topics can ask for calls, and void what others ask for.',
    example: 'trusted',
  }),
  REQUEST_KEYS: text.meta({
    description: 'Public keys that verify requests and ends of runs: a JWK or a JWKS.',
    unset: 'see `REQUEST_KEYS_URL`',
    example: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"…"}]}',
  }),
  REQUEST_KEYS_FILE: text.meta({
    description: 'The file with these keys.',
    unset: 'see `REQUEST_KEYS_URL`',
    example: '/etc/countersign/request-keys.json',
  }),
  REQUEST_KEYS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .meta({
      description:
        'Where the runner publishes these keys. Whoever answers there can sign: use https outside one machine. Exactly one of the three is set.',
      unset: 'embedded: its own keys; else the start is refused',
      example: 'https://runner.example.com/.well-known/request-jwks.json',
    }),
};
export type RequestVerifyingSettings = z.infer<z.ZodObject<typeof requestVerifyingSettings>>;

/**
 * As `openKeyRing`, of the runner. A ring of its own: whoever asks must not be able to decide, nor to say what came of
 * it.
 */
export function openRequestKeyRing(settings: RequestSigningSettings, embeddedIn?: string): Promise<KeyRing> {
  const { REQUEST_SIGNING_KEYS, REQUEST_SIGNING_KEYS_FILE } = settings;
  return ringOf({ REQUEST_SIGNING_KEYS, REQUEST_SIGNING_KEYS_FILE }, embeddedIn, 'request-key.json');
}

/** As `openVerifier`, of what runners say. */
export function openRequestVerifier(
  settings: Omit<RequestVerifyingSettings, 'APPROVAL_REQUESTS'> & RequestSigningSettings,
  embeddedIn?: string,
): Promise<Verifier> {
  const { REQUEST_KEYS, REQUEST_KEYS_FILE, REQUEST_KEYS_URL } = settings;
  const named = { REQUEST_KEYS, REQUEST_KEYS_FILE, REQUEST_KEYS_URL };
  return verifierOf(named, embeddedIn, () => openRequestKeyRing(settings, embeddedIn));
}
