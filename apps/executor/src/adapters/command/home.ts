import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunAs } from './user.js';

/**
 * Gives a program a directory of its own as HOME, empty: in this process's there may be credentials, and what one call
 * leaves in it is not for the next.
 */
export async function withHome<T>(owner: RunAs | undefined, work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'countersign-home-'));
  try {
    if (owner) await chown(home, owner.uid, owner.gid);
    return await work(home);
  } finally {
    await rm(home, { recursive: true, force: true }).catch(() => {});
  }
}
