import { z } from 'zod';
import type { KeyRing } from './key-ring.js';
import { ringOf, verifierOf } from './named-keys.js';
import type { Verifier } from './verifier.js';

const text = z.string().optional();
const address = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional();

/** For the approval service. */
export const signingSettings = {
  SIGNING_KEYS: text.meta({
    description: 'What decisions are signed with: an Ed25519 JWK, or a JWKS whose first private key signs.',
  }),
  SIGNING_KEYS_FILE: text.meta({
    description: 'The file that holds them. Embedded and unset: made at the first start.',
  }),
};
export type SigningSettings = z.infer<z.ZodObject<typeof signingSettings>>;

/** For whoever acts on decisions. */
export const verifyingSettings = {
  DECISION_KEYS: text.meta({ description: 'The public keys that decisions are signed with: a JWK or a JWKS.' }),
  DECISION_KEYS_FILE: text.meta({ description: 'The file that holds them.' }),
  DECISION_KEYS_URL: address.meta({
    description: 'Where the approval service publishes them. Whoever answers there can sign: use https.',
  }),
};
export type VerifyingSettings = z.infer<z.ZodObject<typeof verifyingSettings>>;

/** For the executor. */
export const resultSigningSettings = {
  EXECUTION_SIGNING_KEYS: text.meta({
    description: 'What results of calls are signed with, as SIGNING_KEYS; keys of their own.',
  }),
  EXECUTION_SIGNING_KEYS_FILE: text.meta({
    description: 'The file that holds them. Embedded and unset: made at the first start.',
  }),
};
export type ResultSigningSettings = z.infer<z.ZodObject<typeof resultSigningSettings>>;

/** For whoever believes results. */
export const resultVerifyingSettings = {
  EXECUTION_KEYS: text.meta({ description: 'The public keys that results are signed with: a JWK or a JWKS.' }),
  EXECUTION_KEYS_FILE: text.meta({ description: 'The file that holds them.' }),
  EXECUTION_KEYS_URL: address.meta({
    description: 'Where the executor publishes them. Whoever answers there can sign: use https.',
  }),
};
export type ResultVerifyingSettings = z.infer<z.ZodObject<typeof resultVerifyingSettings>>;

/**
 * The ring that the settings name. Where they name none, an embedded process keeps its own in its data directory.
 *
 * @param embeddedIn the data directory; undefined where several processes share a bus, and so must share a key
 * @throws ConfigError
 */
export function openKeyRing(settings: SigningSettings, embeddedIn?: string): Promise<KeyRing> {
  const { SIGNING_KEYS, SIGNING_KEYS_FILE } = settings;
  return ringOf({ SIGNING_KEYS, SIGNING_KEYS_FILE }, embeddedIn, 'signing-key.json');
}

/** As `openKeyRing`, of the executor. A ring of its own, since whoever makes calls must not be able to decide on them. */
export function openResultKeyRing(settings: ResultSigningSettings, embeddedIn?: string): Promise<KeyRing> {
  const { EXECUTION_SIGNING_KEYS, EXECUTION_SIGNING_KEYS_FILE } = settings;
  return ringOf({ EXECUTION_SIGNING_KEYS, EXECUTION_SIGNING_KEYS_FILE }, embeddedIn, 'execution-key.json');
}

/**
 * The verifier that the settings name. Where they name none, an embedded process trusts the ring that it signs with
 * itself, as `openKeyRing` finds it with the same settings.
 *
 * @throws ConfigError
 */
export function openVerifier(settings: VerifyingSettings & SigningSettings, embeddedIn?: string): Promise<Verifier> {
  const { DECISION_KEYS, DECISION_KEYS_FILE, DECISION_KEYS_URL } = settings;
  const named = { DECISION_KEYS, DECISION_KEYS_FILE, DECISION_KEYS_URL };
  return verifierOf(named, embeddedIn, () => openKeyRing(settings, embeddedIn));
}

/** As `openVerifier`, of results. */
export function openResultVerifier(
  settings: ResultVerifyingSettings & ResultSigningSettings,
  embeddedIn?: string,
): Promise<Verifier> {
  const { EXECUTION_KEYS, EXECUTION_KEYS_FILE, EXECUTION_KEYS_URL } = settings;
  const named = { EXECUTION_KEYS, EXECUTION_KEYS_FILE, EXECUTION_KEYS_URL };
  return verifierOf(named, embeddedIn, () => openResultKeyRing(settings, embeddedIn));
}
