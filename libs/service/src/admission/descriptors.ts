import { readdirSync, readFileSync } from 'node:fs';

/** Of those that there may be, this part is for what is already under way: a log, a store, a program's streams. */
const kept = 0.05;
const keptAtLeast = 4;

/** File descriptors that this process may have open; undefined where the system does not say. */
export function descriptorLimit(): number | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}

/** @throws when hardly any file descriptor is left, so that connections and programs will fail. */
export async function checkDescriptors(): Promise<void> {
  let open: number;
  try {
    open = readdirSync('/proc/self/fd').length;
  } catch (error) {
    if (!isUsedUp(error)) return;
    throw new Error('all file descriptors are in use: raise the limit (ulimit -n) or lower HTTP_CONNECTIONS', {
      cause: error,
    });
  }
  const limit = descriptorLimit();
  if (limit !== undefined && limit - open < Math.max(keptAtLeast, limit * kept))
    throw new Error(
      `${open} of ${limit} file descriptors are in use: raise the limit (ulimit -n) or lower HTTP_CONNECTIONS`,
    );
}

const isUsedUp = (error: unknown): boolean =>
  ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
