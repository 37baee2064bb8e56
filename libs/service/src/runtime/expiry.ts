import { toEpochSeconds, type Clock, type EpochMillis } from '@countersign/contracts/time';
import type { RetentionPolicy, StoredRecord } from '@countersign/persistence';
import { removeExpired, type ExpiredRecords } from '@countersign/persistence/retention';
import type { ServiceSettings } from '../settings/config.js';
import { Archive } from './archive.js';

interface ExpiryOptions {
  settings: Pick<ServiceSettings, 'RECORD_DAYS' | 'ARCHIVE_DIR'>;
  now: Clock;
  /** @see InstallationWatch.expire */
  expire(before: EpochMillis): Promise<EpochMillis>;
}

const dayMs = 24 * 3_600_000;

/**
 * What removes records by their age. Without a record a message that comes again looks new, so first all processes hear of it:
 * what comes from before then waits for a person.
 */
export function expiryOf<R extends StoredRecord>(
  { settings: { RECORD_DAYS: days, ARCHIVE_DIR: dir }, now, expire }: ExpiryOptions,
  name: string,
  records: ExpiredRecords<R>,
): RetentionPolicy[] {
  if (days === 0) return [];
  const archive = dir === undefined ? undefined : new Archive(dir, now);
  return [
    {
      name,
      ttlMs: days * dayMs,
      async *purgeBefore(time) {
        const before = toEpochSeconds(await expire(time));
        yield 0;
        if (before > 0) yield* removeExpired(records, before, async (found) => archive?.add(name, found));
      },
    },
  ];
}
