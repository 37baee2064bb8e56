import { after, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Installation } from './installation.js';

/** What the log is found to remember. */
export interface LogMemory {
  /** Whether what this service publishes was ever in it. */
  written: boolean;
  /** Whether some of that is younger than `suspiciousFrom`. */
  writtenSince: boolean;
  /** Whether this service has read from it. */
  handled: boolean;
}

export interface Unsound {
  code: 'store_forgotten' | 'store_behind_log' | 'log_forgotten' | 'hold_missing';
  /** For people. */
  reason: string;
}

/** Clocks of producers and a store that is out of reach for a while make the log look younger than the store. */
const slackMs: Millis = 300_000;

/** What is in the log from then on was published by somebody who wrote to a later state of this store. */
export const suspiciousFrom = ({ seen_at_ms }: Installation): EpochMillis => after(seen_at_ms, slackMs);

interface Found {
  installation: Installation | undefined;
  hasRecords: boolean;
  log: LogMemory;
  /** Whether a setting outside of the store keeps calls from being made. */
  isHeld: boolean;
}

const recover = 'Say what is to hold with `countersign recover`, or bring back what belongs together.';

/**
 * Whether a store and a log belong together, as far as is known; undefined: they do, or both are new. What is not known is not
 * sound: on records that were forgotten, what the log still has would be done once more.
 */
export function unsoundness({ installation, hasRecords, log, isHeld }: Found): Unsound | undefined {
  if (!installation) {
    if (hasRecords || !(log.written || log.handled)) return undefined;
    return {
      code: 'store_forgotten',
      reason: `The store is empty beside a log that this service has used. ${recover}`,
    };
  }
  if (installation.recovering && !isHeld) {
    const { note } = installation.recovering;
    const reason = `What holds is being recovered (${note}). Start with EXECUTION_HOLD, or end it with \`countersign recover --finish\`.`;
    return { code: 'hold_missing', reason };
  }
  if (log.writtenSince)
    return {
      code: 'store_behind_log',
      reason: `The log has events that are younger than all of the store. ${recover}`,
    };
  if (installation.published && !log.written && !log.handled)
    return { code: 'log_forgotten', reason: `The log is empty beside a store whose events it has had. ${recover}` };
  return undefined;
}
