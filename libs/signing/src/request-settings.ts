import { z } from 'zod';
import type { KeyRing } from './key-ring.js';
import { ringOf, verifierOf } from './named-keys.js';
import type { Verifier } from './verifier.js';

const text = z.string().optional();

/** For the runner. */
export const requestSigningSettings = {
  REQUEST_SIGNING_KEYS: text.meta({
    description: 'What requests for approval and ends of runs are signed with, as SIGNING_KEYS; keys of their own.',
  }),
  REQUEST_SIGNING_KEYS_FILE: text.meta({
    description: 'The file that holds them. Embedded and unset: made at the first start.',
  }),
};
export type RequestSigningSettings = z.infer<z.ZodObject<typeof requestSigningSettings>>;

/** For whoever acts on requests and ends of runs. */
export const requestVerifyingSettings = {
  APPROVAL_REQUESTS: z.enum(['signed', 'trusted']).default('signed').meta({
    description:
      'signed: a request for approval, and the end of a run, counts only when a runner signed it. trusted: whoever may write to the topics may ask for calls, and void what others ask for.',
  }),
  REQUEST_KEYS: text.meta({ description: 'The public keys that runners sign with: a JWK or a JWKS.' }),
  REQUEST_KEYS_FILE: text.meta({ description: 'The file that holds them.' }),
  REQUEST_KEYS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .meta({ description: 'Where the runner publishes them. Whoever answers there can sign: use https.' }),
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
