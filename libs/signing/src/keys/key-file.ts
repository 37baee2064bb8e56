import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey, keysFromText, type KeyRing } from './key-ring.js';

/**
 * The ring of the key in this directory, which is made at the first start. Of several processes that start at once,
 * one makes it and all of them use it. @throws ConfigError when the file holds no key
 */
export async function loadOrCreateKeys(directory: string, fileName = 'signing-key.json'): Promise<KeyRing> {
  const file = join(directory, fileName);
  const text = (await readIfThere(file)) ?? (await create(directory, file));
  return keysFromText(text, file);
}

const readIfThere = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/**
 * Written under another name and then linked, which like O_EXCL works for one process only; but whoever finds the
 * file finds all of it, and a crash leaves no half of a key behind.
 */
async function create(directory: string, file: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    const text = `${JSON.stringify(await generateKey(), null, 2)}\n`;
    await writeFile(draft, text, { flag: 'wx', mode: 0o600, flush: true });
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}
