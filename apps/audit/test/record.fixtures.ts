import { systemClock } from '@countersign/contracts/time';
import { SqliteDatabase } from '@countersign/persistence';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { entryLog, type Recordable } from '../src/record/entry.js';
import { Lease, leaseCollection } from '../src/record/lease.js';
import { Recorder } from '../src/record/recorder.js';

export const event = (n: number, change: Partial<Recordable> = {}): Recordable => ({
  id: `runs/run-${n % 3}/${n}/0`,
  source: '/countersign/agent-runner',
  type: 'run.started',
  time: '2026-09-01T09:30:00.000Z',
  subject: `runs/run-${n % 3}`,
  key: `run-${n % 3}`,
  data: { run_id: `run-${n % 3}`, requested_by: 'ana', n },
  content: `content ${n}`,
  ...change,
});

/** A store of its own, and recorders on it as several instances have them. */
export function openRecord() {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-audit-'));
  const file = new SqliteFile(dir);
  onTestFinished(() => (file.close(), rmSync(dir, { recursive: true })));
  const database = new SqliteDatabase(file);
  const log = database.appendLog(entryLog);
  const { store } = database.collection(leaseCollection);
  const lease = (ttlMs = 2_000) => new Lease({ store, name: 'writer', ttlMs, now: systemClock, exclusive: false });
  const recorder = (options: { leased?: boolean } = {}) =>
    new Recorder({
      log,
      lease: options.leased === false ? unfenced : lease(),
      now: systemClock,
      lingerMs: 1,
      termMs: 20,
    });
  const all = () => log.find({ filter: {}, sort: [], limit: 10_000 });
  return { database, log, lease, recorder, all };
}

/** Somebody who believes that nobody else writes, for ever: paused and overtaken, or with a wrong clock. */
const unfenced = { take: async () => ({ held: true, unbroken: true }), release: async () => {} };
