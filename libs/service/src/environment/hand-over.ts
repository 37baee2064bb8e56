import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Environment = Record<string, string | undefined>;

/** Names the file through which a process hands its environment over to itself. */
const handedOver = 'COUNTERSIGN_ENVIRONMENT';

/** What programs need to run at all, and which holds no secret. Everything else may be one. */
const harmless =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|PWD|HOSTNAME|NODE_\w+|SSL_CERT_\w+|NO_COLOR)$/;

/** Where nothing is written to a disk, if there is such a place. */
const inMemory = '/dev/shm';

/**
 * The environment of this process, which is not among what the system shows of it (`/proc/<pid>/environ`): whatever runs
 * as the same user could read that, such as a program that makes a call. So a process that was started with more than
 * programs need to run replaces itself with one that was not, under the same id, and hands it the rest in a file that is
 * gone before anything else is loaded.
 *
 * Where a process cannot be replaced (Windows) it is what it was started with.
 */
export function takeEnvironment(): Environment {
  const { [handedOver]: file, ...own } = process.env;
  // Also for functions of tools, which run in this process; the system goes on showing what it was started with.
  if (file !== undefined) return { ...Object.assign(process.env, received(file)) };
  const kept = Object.entries(own).filter(([name]) => harmless.test(name));
  if (kept.length < Object.keys(own).length && process.execve) replaceMyself(own, Object.fromEntries(kept));
  return own;
}

function received(file: string): Environment {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Environment;
  } finally {
    rmSync(file, { force: true });
    delete process.env[handedOver];
  }
}

function replaceMyself(all: Environment, kept: Environment): void {
  const file = join(existsSync(inMemory) ? inMemory : tmpdir(), `countersign-${randomUUID()}`);
  writeFileSync(file, JSON.stringify(all), { flag: 'wx', mode: 0o600 });
  try {
    const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    process.execve!(process.execPath, argv, { ...kept, [handedOver]: file } as NodeJS.ProcessEnv);
  } finally {
    // Reached only when it could not be replaced.
    rmSync(file, { force: true });
  }
}
