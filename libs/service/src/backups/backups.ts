import { services, type Log } from '@countersign/contracts';
import type { Backup } from '@countersign/contracts/backups';
import { toEpochSeconds, type Clock } from '@countersign/contracts/time';
import { SqliteDatabase } from '@countersign/persistence';
import { beginRecovery, installationsIn } from '@countersign/persistence/installation';
import { SqliteFile } from '@countersign/sqlite';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface BackupsOptions {
  file: Pick<SqliteFile, 'backup'>;
  /** What is copied, and where to. */
  dataDir: string;
  backupDir: string;
  log: Log;
  now: Clock;
}

/** Copies of embedded data while it is worked on. */
export class Backups {
  readonly #options: BackupsOptions;
  #underWay: Promise<Backup> | undefined;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** Whoever asks while one is being made gets that one. */
  create(): Promise<Backup> {
    return (this.#underWay ??= this.#create().finally(() => (this.#underWay = undefined)));
  }

  async #create(): Promise<Backup> {
    const { file, dataDir, backupDir, log, now } = this.#options;
    const at = now();
    const time = new Date(at).toISOString();
    const directory = join(backupDir, time.replaceAll(':', '-'));
    const work = `${directory}.partial`;
    await mkdir(work, { recursive: true, mode: 0o700 });
    try {
      await file.backup(work);
      await this.#markAsPast(work, `restored from the backup of ${time}`);
      for (const entry of await readdir(dataDir, { withFileTypes: true }))
        if (entry.isFile() && !entry.name.startsWith('countersign.sqlite'))
          await copyFile(join(dataDir, entry.name), join(work, entry.name));
      await rename(work, directory);
    } catch (error) {
      await rm(work, { recursive: true, force: true });
      throw error;
    }
    const names = await readdir(directory);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
    const bytes = sizes.reduce((sum, each) => sum + each, 0);
    log.info({ directory, bytes }, 'embedded data backed up');
    return { directory, bytes, created_at: toEpochSeconds(at) };
  }

  /**
   * Whoever starts from a copy has forgotten what was done since, and log and store agree about that: nothing else would say
   * so. So the copy says of itself that it is being recovered.
   */
  async #markAsPast(directory: string, note: string): Promise<void> {
    const copy = new SqliteFile(directory);
    try {
      const store = installationsIn(new SqliteDatabase(copy));
      // By now at the latest all of it was copied.
      const at = this.#options.now();
      for (const service of services) await beginRecovery(store, service, at, note);
    } finally {
      copy.close();
    }
  }
}
