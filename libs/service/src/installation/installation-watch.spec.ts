import { after, systemClock } from '@countersign/contracts/time';
import { SqliteBus } from '@countersign/messaging';
import { SqliteDatabase } from '@countersign/persistence';
import { beginRecovery, endRecovery, installationsIn } from '@countersign/persistence/installation';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { InstallationWatch } from './installation-watch.js';

const soon = { timeout: 5_000, interval: 5 };
const at = { unsound: 5, sound: 5 };

describe('the watch over an installation', () => {
  let dir: string;
  let file: SqliteFile;
  let database: SqliteDatabase;
  let bus: SqliteBus;
  let watches: InstallationWatch[];
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const [begin, onFatal] = [vi.fn(async () => {}), vi.fn()];
  let now = systemClock();
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-installation-'));
    file = new SqliteFile(dir);
    database = new SqliteDatabase(file);
    bus = new SqliteBus(file, { log });
    [watches, now] = [[], systemClock()];
    vi.clearAllMocks();
  });
  afterEach(async () => {
    await Promise.all(watches.map((watch) => watch.stop()));
    await bus.close();
    file.close();
    rmSync(dir, { recursive: true });
  });

  const store = () => installationsIn(database);
  function open({ mayRecover = true, hasRecords = false, metrics = new Metrics() } = {}) {
    const services = [{ name: 'executor' as const, mayRecover, hasRecords: async () => hasRecords }];
    const measure = async () => {};
    const watch = new InstallationWatch({
      services,
      database,
      bus,
      now: () => now,
      log,
      metrics,
      measure,
      onFatal,
      everyMs: at,
    });
    watches.push(watch);
    return watch;
  }
  const published = () => bus.publish([{ topic: 'tool.execution_started', key: 'k', headers: {}, value: null }]);

  it('begins on a new store at once, and knows since when there are records', async () => {
    const watch = open();
    expect(watch.isSound).toBe(false);
    await watch.start(begin);
    expect(begin).toHaveBeenCalledOnce();
    await expect(watch.check()).resolves.toBeUndefined();
    expect(watch.recordsSince('executor')).toBe(now);
  });

  it('does not begin on an empty store beside a log, says so in every way, and begins once it is recovered', async () => {
    await published();
    const metrics = new Metrics();
    const watch = open({ metrics });
    await watch.start(begin);
    await expect(watch.check()).rejects.toThrow(/^store_forgotten: /);
    expect(log.error).toHaveBeenCalledWith({ service: 'executor', code: 'store_forgotten' }, expect.any(String));
    expect(await metrics.exposition()).toContain(
      'countersign_installation_unsound{service="executor",code="store_forgotten"} 1',
    );
    expect(begin).not.toHaveBeenCalled();
    await beginRecovery(store(), 'executor', now, 'we begin anew');
    await vi.waitFor(() => expect(begin).toHaveBeenCalledOnce(), soon);
    await watch.check();
  });

  it('does not begin while what holds is being recovered, where calls would be made', async () => {
    await beginRecovery(store(), 'executor', now, 'restored');
    const watch = open({ mayRecover: false });
    await watch.start(begin);
    await expect(watch.check()).rejects.toThrow(/^hold_missing: /);
    await endRecovery(store(), 'executor', now);
    await vi.waitFor(() => expect(begin).toHaveBeenCalledOnce(), soon);
  });

  it('says what may have been done since by records that are lost: all while that is recovered, then what began before', async () => {
    const watch = open();
    expect(watch.setBack('executor', now)).toBe('recovering');
    await watch.start(begin);
    expect(watch.setBack('executor', after(now, -1))).toBeNull();
    await beginRecovery(store(), 'executor', now, 'restored');
    await vi.waitFor(() => expect(watch.setBack('executor', after(now, 9))).toBe('recovering'), soon);
    const over = after(now, 10);
    await endRecovery(store(), 'executor', over);
    await vi.waitFor(() => expect(watch.setBack('executor', over)).toBeNull(), soon);
    expect(watch.setBack('executor', after(over, -1))).toBe('set_back');
  });

  it('has records removed by their age only once every process knows of it', async () => {
    const [watch, other] = [open(), open()];
    await Promise.all([watch.start(begin), other.start(begin)]);
    const [first, second] = [after(now, -2_000), after(now, -1_000)];
    expect(await watch.expire('executor', first)).toBe(0);
    expect(await other.expire('executor', second)).toBe(0);
    await vi.waitFor(() => expect(other.expiredBefore('executor')).toBe(first), soon);
    expect([other.setBack('executor', after(first, -1)), other.setBack('executor', first)]).toEqual(['set_back', null]);
    now = after(now, 60_000);
    expect(await watch.expire('executor', second)).toBe(first);
    now = after(now, 60_000);
    // Whoever keeps them longer now keeps what is left.
    expect(await watch.expire('executor', after(first, -1))).toBe(first - 1);
    expect((await store().get('executor'))!.expired).toMatchObject({ before_ms: second });
  });

  it('takes a store of an earlier version for one that begins now', async () => {
    await published();
    const watch = open({ hasRecords: true });
    await watch.start(begin);
    expect(begin).toHaveBeenCalledOnce();
    expect(watch.recordsSince('executor')).toBe(now);
  });

  it('marks that it has published once it has, without reading the log again, until what holds is recovered', async () => {
    const watch = open();
    await watch.start(begin);
    const history = vi.spyOn(bus, 'history');
    const marked = async () => (await store().get('executor'))!;
    const before = await marked();
    await vi.waitFor(async () => expect((await marked()).version).toBeGreaterThan(before.version + 1), soon);
    expect((await marked()).published).toBe(false);
    watch.published('approval.resolved');
    watch.published('tool.execution_started');
    await vi.waitFor(async () => expect((await marked()).published).toBe(true), soon);
    await beginRecovery(store(), 'executor', now, 'we begin anew');
    await vi.waitFor(() => expect(watch.setBack('executor', now)).toBe('recovering'), soon);
    await endRecovery(store(), 'executor', now);
    const recovered = await marked();
    await vi.waitFor(async () => expect((await marked()).version).toBeGreaterThan(recovered.version + 1), soon);
    expect((await marked()).published).toBe(false);
    expect(history).not.toHaveBeenCalled();
  });

  it('ends the process whose store was emptied under it', async () => {
    await open().start(begin);
    await store().remove({}, 10);
    await vi.waitFor(() => expect(onFatal).toHaveBeenCalled(), soon);
  });

  it('ends the process whose store went back in time, and no other begins before it is recovered', async () => {
    await open().start(begin);
    const old = (await store().get('executor'))!;
    now = after(now, 3_600_000);
    await vi.waitFor(async () => expect((await store().get('executor'))!.seen_at_ms).toBe(now), soon);
    // What was restored has the version that it had.
    await store().remove({}, 10);
    file
      .sql('INSERT INTO installations (key, version, data) VALUES (?, ?, ?)')
      .run('executor', old.version, JSON.stringify(old));
    await vi.waitFor(() => expect(onFatal).toHaveBeenCalled(), soon);
    const other = open({ mayRecover: false });
    await other.start(begin);
    await expect(other.check()).rejects.toThrow(/^hold_missing: .*went back/);
    // A decision from between is one whose record is lost, also for who only finishes the recovery.
    await endRecovery(store(), 'executor', now);
    await vi.waitFor(() => expect(other.isSound).toBe(true), soon);
    expect(other.recordsSince('executor')).toBeGreaterThan(now);
  });

  it('ends the other processes that would make calls once somebody says that what holds is being recovered', async () => {
    const held = open({ mayRecover: true });
    await held.start(begin);
    await beginRecovery(store(), 'executor', now, 'it went back');
    await vi.waitFor(() => expect(held.setBack('executor', now)).toBe('recovering'), soon);
    expect(onFatal).not.toHaveBeenCalled();
    await endRecovery(store(), 'executor', now);
    await open({ mayRecover: false }).start(begin);
    await beginRecovery(store(), 'executor', now, 'it went back');
    await vi.waitFor(() => expect(onFatal).toHaveBeenCalled(), soon);
  });
});
