import { RetryableError } from '@countersign/contracts/problems';
import { after, atMillis } from '@countersign/contracts/time';
import type { RetentionPolicy } from '@countersign/persistence';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { Retention, type RetentionOptions } from './retention.js';

const day = 24 * 3_600_000;
const now = atMillis(Date.parse('2026-09-01T09:30:00Z'));
const soon = { timeout: 5_000, interval: 5 };

describe('what has served its purpose', () => {
  let started: Retention[] = [];
  afterEach(async () => {
    await Promise.all(started.map((retention) => retention.stop()));
    started = [];
  });

  const logged = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });
  let metrics: Metrics;
  beforeEach(() => void (metrics = new Metrics()));
  function start(policies: readonly RetentionPolicy[], options: Partial<RetentionOptions> = {}): Retention {
    const retention = new Retention({
      policies,
      ttlMs: 90 * day,
      log: logged(),
      metrics,
      now: () => now,
      ...options,
    });
    started.push(retention);
    retention.start();
    return retention;
  }
  /** Remembers the times it was asked about. */
  function removalOf(
    batches: readonly number[],
    options: Partial<RetentionPolicy> = {},
  ): RetentionPolicy & { asked: number[] } {
    const asked: number[] = [];
    async function* purgeBefore(time: number) {
      asked.push(time);
      yield* batches;
    }
    return { name: 'things', asked, purgeBefore, ...options };
  }

  it('gives its room back after each round, and a failure of that ends nothing', async () => {
    const things = removalOf([1]);
    const rounds: number[] = [];
    const shrink = async () => {
      rounds.push(things.asked.length);
      throw new Error('the disk is full');
    };
    start([things], { shrink, everyMs: 5 });
    await vi.waitFor(() => expect(rounds.slice(0, 2)).toEqual([1, 2]), soon);
  });

  it('goes at the start, when it has stayed as long as the settings say, or as it says itself', async () => {
    const [usual, short] = [removalOf([0]), removalOf([0], { ttlMs: day })];
    start([usual, short]);
    await vi.waitFor(() => expect([usual.asked, short.asked]).toEqual([[now - 90 * day], [now - day]]), soon);
  });

  it('goes later when its time comes later', async () => {
    let clock = now;
    const removal = removalOf([0]);
    start([removal], { now: () => clock, everyMs: 5 });
    await vi.waitFor(() => expect(removal.asked).toContain(now - 90 * day), soon);
    clock = after(clock, day);
    await vi.waitFor(() => expect(removal.asked).toContain(now - 89 * day), soon);
  });

  it('goes in batches that are counted, and of which the log tells once where anything went', async () => {
    const log = logged();
    const last = removalOf([0]);
    start([removalOf([200, 200, 17], { name: 'many' }), removalOf([0]), last], { log });
    await vi.waitFor(() => expect(last.asked).toHaveLength(1), soon);
    expect(log.info.mock.calls).toEqual([[{ policy: 'many', removed: 417 }, 'purged']]);
    expect(await metrics.valueOf('countersign_removed_total', { what: 'many' })).toBe(417);
  });

  it('stays through an outage, holds up nothing else, and goes after it', async () => {
    const log = logged();
    let isDown = true;
    const gone: string[] = [];
    async function* purgeBefore() {
      if (isDown) throw new RetryableError('the database is away');
      gone.push('all');
      yield 1;
    }
    const other = removalOf([0]);
    start([{ name: 'things', purgeBefore }, other], { log, everyMs: 5 });
    await vi.waitFor(() => expect(other.asked.length).toBeGreaterThan(1), soon);
    expect(gone).toEqual([]);
    expect(log.warn).toHaveBeenCalledWith(
      { err: expect.any(RetryableError), policy: 'things' },
      'purge failed, retrying',
    );
    isDown = false;
    await vi.waitFor(() => expect(gone).toContain('all'), soon);
  });

  it('stays when the service stops: the batch under way ends, and no other begins', async () => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const steps: string[] = [];
    async function* purgeBefore() {
      steps.push('begins');
      begun.resolve();
      await gate.promise;
      steps.push('ends');
      yield 200;
      steps.push('goes on');
    }
    const next = removalOf([0]);
    const retention = start([{ name: 'things', purgeBefore }, next]);
    await begun.promise;
    const stopped = retention.stop().then(() => steps.push('stopped'));
    gate.resolve();
    await stopped;
    expect(steps).toEqual(['begins', 'ends', 'stopped']);
    expect(next.asked).toEqual([]);
  });
});
