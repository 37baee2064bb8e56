import { ConfigError } from '@countersign/contracts';
import { readFile } from 'node:fs/promises';
import { loadOrCreateKeys } from './key-file.js';
import { keysFromText, type KeyRing } from './key-ring.js';
import { Verifier } from '../signature/verifier.js';

/** Settings that say the same in different ways, by name; one of them is set. */
type Named = Record<string, string | undefined>;

/** The ring of the one setting that is set, or the embedded one. @throws ConfigError */
export async function ringOf(named: Named, embeddedIn: string | undefined, fileName: string): Promise<KeyRing> {
  const found = onlyOne(named);
  if (found) return keysFromText(await textOf(found), found.name);
  if (embeddedIn !== undefined) return loadOrCreateKeys(embeddedIn, fileName);
  throw missing(named);
}

/** The verifier of the one setting that is set, or of the embedded process's own ring. @throws ConfigError */
export async function verifierOf(named: Named, embeddedIn: string | undefined, own: () => Promise<KeyRing>) {
  const found = onlyOne(named);
  if (found?.name.endsWith('_URL')) return Verifier.fromUrl(found.value);
  if (found) return Verifier.fromJwks(await textOf(found), found.name);
  if (embeddedIn !== undefined) return Verifier.fromKeyRing(await own());
  throw missing(named);
}

interface Setting {
  name: string;
  value: string;
}

function onlyOne(named: Named): Setting | undefined {
  const set = Object.entries(named).flatMap(([name, value]) => (value ? [{ name, value }] : []));
  if (set.length > 1) throw new ConfigError(`${set.map(({ name }) => name).join(' and ')}: only one may be set`);
  return set[0];
}

function missing(named: Named): ConfigError {
  const names = Object.keys(named)
    .join(', ')
    .replace(/, (\w+)$/, ' or $1');
  return new ConfigError(`${names}: one must be set, since the services are not embedded`);
}

async function textOf({ name, value }: Setting): Promise<string> {
  if (!name.endsWith('_FILE')) return value;
  try {
    return await readFile(value, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: ${(cause as Error).message}`, { cause });
  }
}
