import { ConfigError } from '@countersign/contracts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { loadOrCreateKeys } from './key-file.js';
import { keysFromText, type KeyRing } from './key-ring.js';
import { Verifier } from './verifier.js';

const text = z.string().optional();

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
  DECISION_KEYS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .meta({ description: 'Where the approval service publishes them. Whoever answers there can sign: use https.' }),
};
export type VerifyingSettings = z.infer<z.ZodObject<typeof verifyingSettings>>;

/**
 * The ring that the settings name. Where they name none, an embedded process keeps its own in its data directory.
 *
 * @param embeddedIn the data directory; undefined where several processes share a bus, and so must share a key
 * @throws ConfigError
 */
export async function openKeyRing(settings: SigningSettings, embeddedIn?: string): Promise<KeyRing> {
  const { SIGNING_KEYS: keys, SIGNING_KEYS_FILE: file } = settings;
  requireAtMostOne({ SIGNING_KEYS: keys, SIGNING_KEYS_FILE: file });
  if (keys) return keysFromText(keys, 'SIGNING_KEYS');
  if (file) return keysFromText(await read(file, 'SIGNING_KEYS_FILE'), 'SIGNING_KEYS_FILE');
  if (embeddedIn !== undefined) return loadOrCreateKeys(embeddedIn);
  throw new ConfigError('SIGNING_KEYS or SIGNING_KEYS_FILE: one must be set, since the approvals are not embedded');
}

/**
 * The verifier that the settings name. Where they name none, an embedded process trusts the ring that it signs with
 * itself, as `openKeyRing` finds it with the same settings.
 *
 * @throws ConfigError
 */
export async function openVerifier(
  settings: VerifyingSettings & SigningSettings,
  embeddedIn?: string,
): Promise<Verifier> {
  const { DECISION_KEYS: keys, DECISION_KEYS_FILE: file, DECISION_KEYS_URL: url } = settings;
  requireAtMostOne({ DECISION_KEYS: keys, DECISION_KEYS_FILE: file, DECISION_KEYS_URL: url });
  if (keys) return Verifier.fromJwks(keys, 'DECISION_KEYS');
  if (file) return Verifier.fromJwks(await read(file, 'DECISION_KEYS_FILE'), 'DECISION_KEYS_FILE');
  if (url) return Verifier.fromUrl(url);
  if (embeddedIn !== undefined) return Verifier.fromKeyRing(await openKeyRing(settings, embeddedIn));
  throw new ConfigError(
    'DECISION_KEYS, DECISION_KEYS_FILE or DECISION_KEYS_URL: one must be set, since the approvals are not embedded',
  );
}

function requireAtMostOne(settings: Record<string, string | undefined>): void {
  const set = Object.keys(settings).filter((name) => settings[name]);
  if (set.length > 1) throw new ConfigError(`${set.join(' and ')}: only one may be set`);
}

async function read(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${setting}: ${(cause as Error).message}`, { cause });
  }
}
