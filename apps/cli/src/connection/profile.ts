import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { exitCodes, Failure } from './exit-codes.js';
import type { CliEnvironment } from './environment.js';

type Env = CliEnvironment['env'];

const Profile = z.object({ url: z.string(), key: z.string() });
export type Profile = z.infer<typeof Profile>;
const Profiles = z.record(z.string(), Profile);

/** Where servers and keys are kept, readable by their owner alone. */
export const profileFile = ({ XDG_CONFIG_HOME, HOME }: Env): string =>
  join(XDG_CONFIG_HOME || join(HOME || homedir(), '.config'), 'countersign', 'config.json');

export function readProfile(env: Env, name: string): Profile | undefined {
  return readAll(profileFile(env))[name];
}

/** Keeps a profile in place of one of the same name. @returns the file. */
export function saveProfile(env: Env, name: string, profile: Profile): string {
  const file = profileFile(env);
  write(file, { ...readAll(file), [name]: profile });
  return file;
}

/** @returns whether there was one. */
export function forgetProfile(env: Env, name: string): boolean {
  const file = profileFile(env);
  const { [name]: forgotten, ...rest } = readAll(file);
  if (forgotten) write(file, rest);
  return forgotten !== undefined;
}

function readAll(file: string): Record<string, Profile> {
  try {
    return Profiles.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Failure(exitCodes.failed, `${file} cannot be read. Mend or delete it, then: countersign login`, {
      cause: error,
    });
  }
}

/** Written atomically, readable by its owner only. */
function write(file: string, profiles: Record<string, Profile>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600, flag: 'w' });
  renameSync(draft, file);
}
