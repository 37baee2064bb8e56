import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, Failure } from './exit-codes.js';
import { readProfile, type Profile } from './profile.js';
import type { CliEnvironment } from './environment.js';

export interface ConnectionOptions {
  url?: string;
  key?: string;
  profile?: string;
}

/** Which server, and who asks it. */
export interface Connection {
  url: string;
  key: string | undefined;
}

const local = 'http://127.0.0.1:4000';

/** Options come first, then a requested profile, the environment, the profile, and what `npm start` keeps. */
export function connectionOf({ url, key, profile }: ConnectionOptions, env: CliEnvironment['env']): Connection {
  const requested = profile ?? env['COUNTERSIGN_PROFILE'];
  const kept = readProfile(env, requested ?? 'default');
  if (requested !== undefined && !kept)
    throw new Failure(
      exitCodes.usage,
      `There is no profile "${requested}". Make it: countersign login --profile ${requested}`,
    );
  const ofEnvironment = profile === undefined ? env : {};
  const server = withoutSlash(url ?? (ofEnvironment['COUNTERSIGN_URL'] || kept?.url) ?? local);
  return { url: server, key: plainKey(key ?? (ofEnvironment['COUNTERSIGN_KEY'] || keyFor(server, kept, env))) };
}

/** @throws Failure when no header can carry it, which would look as if the server were away */
export function plainKey<K extends string | undefined>(key: K): K {
  const plain = key?.trim() as K;
  if (plain === undefined || /^[\x20-\x7e]*$/.test(plain)) return plain;
  throw new Failure(
    exitCodes.usage,
    'The key has characters that no key has, such as a line break. Is it one key, and nothing else?',
  );
}

/** A profile that is about to be made says nothing yet. */
export const serverToSignInAt = ({ url }: ConnectionOptions, env: CliEnvironment['env']): string =>
  withoutSlash(url ?? (env['COUNTERSIGN_URL'] || local));

/** A key that is kept for one server is never sent to another. */
function keyFor(url: string, kept: Profile | undefined, env: CliEnvironment['env']): string | undefined {
  if (kept && withoutSlash(kept.url) === url) return kept.key;
  return isLoopback(url) ? adminKey(env['DATA_DIR'] || '.countersign') : undefined;
}

/** The key that `npm start` keeps. */
function adminKey(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function isLoopback(url: string): boolean {
  const { hostname } = URL.parse(url) ?? {};
  return hostname !== undefined && /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname);
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
