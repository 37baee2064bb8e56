import { ConfigError } from '@countersign/contracts/problems';
import { spawnSync } from 'node:child_process';

/** The user and group that a program runs as. Groups of this process's user are dropped. */
export interface RunAs {
  uid: number;
  gid: number;
}

/**
 * Sees at load whether programs can be run as this user, since a call must not be the first to find out.
 *
 * @throws ConfigError when this process has no right to, or the system has no such users.
 */
export function requireRunAs({ uid, gid }: RunAs): void {
  if (process.getuid === undefined)
    throw new ConfigError('run_as: this system has no users by number; leave it out and give the executor a user');
  // Whether the program may be read is another matter: the user is changed before that.
  const { error } = spawnSync(process.execPath, ['--version'], { uid, gid, stdio: 'ignore', env: {}, timeout: 10_000 });
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'EPERM' || code === 'EINVAL')
    throw new ConfigError(
      `run_as: this process has no right to run programs as uid ${uid}, gid ${gid}: run the executor as root`,
    );
}
