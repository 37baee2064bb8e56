import { z } from 'zod';
import type { KeyRing } from './key-ring.js';
import { ringOf, verifierOf } from './named-keys.js';
import type { Verifier } from './verifier.js';

const text = z.string().optional();
const address = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional();

/** For the approval service. */
export const signingSettings = {
  SIGNING_KEYS: text.meta({
    description:
      'Private keys that decisions are signed with: an Ed25519 JWK, or a JWKS whose first private key signs.',
    unset: 'see `SIGNING_KEYS_FILE`',
    example: '{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}',
  }),
  SIGNING_KEYS_FILE: text.meta({
    description: 'The file with these keys.',
    unset: 'embedded: made in `DATA_DIR` at the first start; else the start is refused',
    example: '/run/secrets/signing_keys',
  }),
};
export type SigningSettings = z.infer<z.ZodObject<typeof signingSettings>>;

/** For whoever acts on decisions. */
export const verifyingSettings = {
  DECISION_KEYS: text.meta({
    description: 'Public keys that verify decisions: a JWK or a JWKS.',
    unset: 'see `DECISION_KEYS_URL`',
    example: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"…"}]}',
  }),
  DECISION_KEYS_FILE: text.meta({
    description: 'The file with these keys.',
    unset: 'see `DECISION_KEYS_URL`',
    example: '/etc/countersign/decision-keys.json',
  }),
  DECISION_KEYS_URL: address.meta({
    description:
      'Where the approval service publishes these keys. Whoever answers there can sign: use https outside one machine. Exactly one of the three is set.',
    unset: 'embedded: its own keys; else the start is refused',
    example: 'https://approvals.example.com/.well-known/jwks.json',
  }),
};
export type VerifyingSettings = z.infer<z.ZodObject<typeof verifyingSettings>>;

/** For the executor. */
export const resultSigningSettings = {
  EXECUTION_SIGNING_KEYS: text.meta({
    description:
      'Private keys that results of calls are signed with, in the form of `SIGNING_KEYS`; never the same keys.',
    unset: 'see `EXECUTION_SIGNING_KEYS_FILE`',
    example: '{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}',
  }),
  EXECUTION_SIGNING_KEYS_FILE: text.meta({
    description: 'The file with these keys.',
    unset: 'embedded: made in `DATA_DIR` at the first start; else the start is refused',
    example: '/run/secrets/execution_signing_keys',
  }),
};
export type ResultSigningSettings = z.infer<z.ZodObject<typeof resultSigningSettings>>;

/** For whoever believes results. */
export const resultVerifyingSettings = {
  EXECUTION_KEYS: text.meta({
    description: 'Public keys that verify results: a JWK or a JWKS.',
    unset: 'see `EXECUTION_KEYS_URL`',
    example: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"…"}]}',
  }),
  EXECUTION_KEYS_FILE: text.meta({
    description: 'The file with these keys.',
    unset: 'see `EXECUTION_KEYS_URL`',
    example: '/etc/countersign/execution-keys.json',
  }),
  EXECUTION_KEYS_URL: address.meta({
    description:
      'Where the executor publishes these keys. Whoever answers there can sign: use https outside one machine. Exactly one of the three is set.',
    unset: 'embedded: its own keys; else the start is refused',
    example: 'https://executor.example.com/.well-known/execution-jwks.json',
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
