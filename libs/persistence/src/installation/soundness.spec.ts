import { after, atMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import type { Installation } from './installation.js';
import { suspiciousFrom, unsoundness, type LogMemory, type Unsound } from './soundness.js';

const now = atMillis(1_800_000_000_000);
const marked = (change: Partial<Installation> = {}): Installation => ({
  id: 'executor',
  version: 3,
  due_at: null,
  traceparent: null,
  tracestate: null,
  created_at: 0 as Installation['created_at'],
  updated_at: 0 as Installation['updated_at'],
  born_at_ms: now,
  seen_at_ms: now,
  published: true,
  recovering: null,
  ...change,
});
const used: LogMemory = { written: true, writtenSince: false, handled: true };
const empty: LogMemory = { written: false, writtenSince: false, handled: false };
const recovering = { since_ms: now, note: 'restored from Tuesday' };

describe('a store and a log', () => {
  it.each<[string, Installation | undefined, boolean, LogMemory, boolean, Unsound['code'] | 'sound']>([
    ['both new', undefined, false, empty, false, 'sound'],
    ['both used', marked(), true, used, false, 'sound'],
    ['of an earlier version, without a marker', undefined, true, used, false, 'sound'],
    [
      'of which the store is empty, and its service has published',
      undefined,
      false,
      { ...empty, written: true },
      false,
      'store_forgotten',
    ],
    [
      'of which the store is empty, and its service has read',
      undefined,
      false,
      { ...empty, handled: true },
      false,
      'store_forgotten',
    ],
    ['of which the log is empty', marked(), true, empty, false, 'log_forgotten'],
    ['of which the log is empty, and may well be', marked({ published: false }), true, empty, false, 'sound'],
    [
      'of which the log was read, and has run out of what was written',
      marked(),
      true,
      { ...empty, handled: true },
      false,
      'sound',
    ],
    ['of which the log is younger', marked(), true, { ...used, writtenSince: true }, false, 'store_behind_log'],
    [
      'that are being recovered, without a hold outside of the store',
      marked({ recovering }),
      true,
      used,
      false,
      'hold_missing',
    ],
    ['that are being recovered under a hold', marked({ recovering }), true, used, true, 'sound'],
  ])('%s', (_, installation, hasRecords, log, isHeld, code) => {
    expect(unsoundness({ installation, hasRecords, log, isHeld })?.code ?? 'sound').toBe(code);
  });

  it('may differ by what clocks and short outages account for', () => {
    expect(suspiciousFrom(marked())).toBe(after(now, 300_000));
  });
});
