/** There is no room left on the volume of the data; whoever frees some goes on where this stopped. */
export class DiskFull extends Error {
  override name = 'DiskFull';
  constructor(dir: string, options?: ErrorOptions) {
    super(`The disk is full: there is no room in ${dir}. Free some, or set DATA_DIR to another volume.`, options);
  }
}

const sqliteFull = 13;
/** SQLITE_IOERR_WRITE and SQLITE_IOERR_FSYNC: on some file systems that is how a full disk shows. */
const cannotWrite = new Set([778, 1034]);

/** What SQLite or the operating system says, in the words of what it means. */
export function diskError(error: unknown, dir: string, isFull: () => boolean): unknown {
  const { errcode, code } = error as { errcode?: number; code?: string };
  if (errcode === sqliteFull || code === 'ENOSPC' || code === 'EDQUOT') return new DiskFull(dir, { cause: error });
  return cannotWrite.has(errcode ?? 0) && isFull() ? new DiskFull(dir, { cause: error }) : error;
}
