import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A folder that is filled once, whoever needs it first: several processes may ask at the same time, and each finds it
 * whole. What a killed process leaves behind does no harm.
 *
 * @param fill receives an empty folder beside it, which takes the name once this is done
 * @returns the folder
 */
export async function prepared(directory: string, fill: (work: string) => Promise<void>): Promise<string> {
  if (await exists(directory)) return directory;
  const parent = dirname(directory);
  await mkdir(parent, { recursive: true });
  using _lock = await lock(`${directory}.lock`);
  if (await exists(directory)) return directory;
  const work = await mkdtemp(join(parent, `${basename(directory)}-`));
  try {
    await fill(work);
    await rename(work, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return directory;
}

/** An exclusive lock of SQLite: the system gives it back when its process ends, however that is. */
async function lock(path: string): Promise<Disposable> {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA busy_timeout = 0');
  for (;;) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      return { [Symbol.dispose]: () => database.close() };
    } catch (error) {
      if (!isBusy(error)) throw error;
      await delay(100);
    }
  }
}

const busy = 5; // SQLITE_BUSY
const isBusy = (error: unknown): boolean => (error as { errcode?: number }).errcode === busy;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
