import { ConfigError } from '@countersign/contracts/problems';
import { readFile } from 'node:fs/promises';
import { loadOrCreateKeys } from './key-file.js';
import { keysFromText, type KeyRing } from './key-ring.js';
import { Verifier } from '../signature/verifier.js';

/** A setting: the keys as text, `file:` and where they are, or, to verify with, the URL that publishes them. */
export interface KeySetting {
  name: string;
  value: string | undefined;
}

const filePrefix = 'file:';
export const isKeyUrl = (value: string): boolean => /^https?:/.test(value);

/** The ring of the setting, or the embedded one. @throws ConfigError */
export async function ringOf(setting: KeySetting, embeddedIn: string | undefined, fileName: string): Promise<KeyRing> {
  const { name, value } = setting;
  if (value) {
    if (isKeyUrl(value)) throw new ConfigError(`${name}: private keys are not fetched: give their text, or file:`);
    return keysFromText(await textOf(name, value), name);
  }
  if (embeddedIn !== undefined) return loadOrCreateKeys(embeddedIn, fileName);
  throw missing(name);
}

/** The verifier of the setting, or of the embedded process's own ring. @throws ConfigError */
export async function verifierOf(
  { name, value }: KeySetting,
  embeddedIn: string | undefined,
  own: () => Promise<KeyRing>,
) {
  if (value) return isKeyUrl(value) ? Verifier.fromUrl(value) : Verifier.fromJwks(await textOf(name, value), name);
  if (embeddedIn !== undefined) return Verifier.fromKeyRing(await own());
  throw missing(name);
}

const missing = (name: string): ConfigError =>
  new ConfigError(`${name}: must be set, since the services are not embedded`);

async function textOf(name: string, value: string): Promise<string> {
  if (!value.startsWith(filePrefix)) return value;
  const path = value.slice(filePrefix.length).replace(/^\/\/(?=\/)/, '');
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: ${(cause as Error).message}`, { cause });
  }
}
