import { ConfigError } from '@countersign/contracts/problems';
import type { Log } from '@countersign/contracts';
import { retryUntilStored } from '@countersign/persistence';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiKeys } from './api-keys.js';
import { administrator } from './reserved.js';

/**
 * The administrator's key of an installation that one person runs, kept in `admin.key` beside the data for whoever can
 * read that directory. A file whose key does not work here (any more) is replaced. Waits for the store.
 *
 * @returns the key in plain text.
 * @throws ConfigError when another process makes one at the same moment.
 */
export const ensureAdminKey = (directory: string, keys: ApiKeys, log: Log): Promise<string> =>
  retryUntilStored(() => ensureKey(directory, keys, log), log);

async function ensureKey(directory: string, keys: ApiKeys, log: Log): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'admin.key');
  const kept = await readPrivate(file, log);
  if (kept !== undefined) {
    const principal = await keys.verify(kept);
    if (principal?.roles.includes('admin')) return kept;
    log.warn({ file }, 'the key in this file is no longer valid, creating another');
    await rm(file);
  }
  return makeKey(file, keys);
}

/** Whoever else could have read the file is shut out from now on. */
async function readPrivate(file: string, log: Log): Promise<string | undefined> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  try {
    const { mode } = await handle.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      await handle.chmod(0o600);
      log.warn({ file }, 'file permissions were too open and are now 0600; revoke its key if others may have read it');
    }
    return (await handle.readFile('utf8')).trim();
  } finally {
    await handle.close();
  }
}

async function makeKey(file: string, keys: ApiKeys): Promise<string> {
  const { key, record } = await keys.create({ name: 'admin.key', subject: administrator, roles: ['admin'] });
  try {
    await writeFile(file, `${key}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    await keys.revoke(record.id);
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ConfigError(`Another process has just made ${file}. Start again to use it.`);
  }
  return key;
}
