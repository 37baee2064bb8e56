import type { Log } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import { after, atMillis, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { agent, cancelRequested, continued, now, paused } from '../../test/run.fixtures.js';
import type { RunMessage } from '../run/messages.js';
import { ResendSweep } from './resend-sweep.js';

const afterMs = 600_000;
const late = after(now, afterMs);

describe('what asks again for what runs wait for', () => {
  let store: Store<Run>;
  let close: () => void;
  let clock: EpochMillis;
  let asked: string[];
  let replacedAt: EpochMillis;
  let fails: (id: string) => void;
  let levels: () => { labels: object; value: number }[];
  let open: ResendSweep;
  const log = { info: vi.fn<Log['info']>(), warn: vi.fn<Log['warn']>(), error: vi.fn<Log['error']>() };

  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    const indexes = [
      ['status', '-created_at'],
      ['unsettled', '-created_at'],
    ];
    store = temporary.database.collection<Run>({ name: 'runs', key: 'run_id', indexes }).store;
    close = temporary.close;
    [clock, asked, fails] = [late, [], () => {}];
    replacedAt = atMillis(0);
    log.warn.mockClear();
    open = sweep();
  });
  afterEach(async () => {
    await open.stop();
    close();
  });

  function sweep(waitMs = afterMs): ResendSweep {
    return new ResendSweep({
      runs: store,
      runner: {
        handle: async (id: string, message: RunMessage) => {
          fails(id);
          asked.push(`${id} ${(message as { agent: unknown }).agent ? 'goes on' : 'is over'}`);
          return undefined as never;
        },
      },
      versions: { forRun: async ({ agent_id }) => (agent_id === 'gone' ? { problem: 'gone' } : agent) },
      agents: { get: () => agent, missing: () => undefined, functionOf: () => undefined },
      metrics: { levels: (_, read) => void (levels = read as typeof levels) },
      afterMs: waitMs,
      replacedAt: () => replacedAt,
      now: () => clock,
      log,
    });
  }
  const keep = async (run: Run, run_id: string, change: Partial<Run> = {}) =>
    store.commit({ expected: 0, state: { ...run, ...change, run_id, version: 1 }, events: [] });
  const many = Array.from({ length: 250 }, (_, n) => `run-${String(n).padStart(3, '0')}`);

  it('asks for each run that is paused or does not know how its calls ended, once, however many there are', async () => {
    const cancelled = continued(paused, now, cancelRequested);
    await Promise.all(many.map((id) => keep(paused, id)));
    await keep(cancelled, 'over');
    await keep({ ...cancelled, unsettled: false }, 'settled');
    await keep(paused, 'later', { created_at: toEpochSeconds(late), updated_at: toEpochSeconds(late) });
    await open.sweep();
    expect(asked).toEqual([...many.map((id) => `${id} goes on`), 'over is over']);
  });

  it('asks at once for what waits since before the log was replaced, however long a person takes', async () => {
    await keep(paused, 'run-1', { updated_at: toEpochSeconds(late) });
    clock = replacedAt = after(late, 2_000);
    await keep(paused, 'run-2', { created_at: toEpochSeconds(clock), updated_at: toEpochSeconds(clock) });
    await open.sweep();
    expect(asked).toEqual(['run-1 goes on']);
  });

  it('leaves none out when those it has seen change meanwhile', async () => {
    await Promise.all(many.map((id) => keep(paused, id)));
    fails = (id) => void store.remove({ run_id: id }, 1);
    await open.sweep();
    expect(asked).toHaveLength(many.length);
  });

  it('goes on with the others when one cannot be asked for, or has no agent any more, and says so', async () => {
    await keep(paused, 'run-1', { agent_id: 'gone' });
    await keep(paused, 'run-2');
    await keep(paused, 'run-3');
    fails = (id) => {
      if (id === 'run-2') throw new Error('too large');
    };
    await open.sweep();
    expect(asked).toEqual(['run-3 goes on']);
    expect(log.warn.mock.calls.map(([about]) => (about as { run_id: string }).run_id)).toEqual(['run-1', 'run-2']);
  });

  it('says for how long the oldest waits, of each kind', async () => {
    await keep(paused, 'run-1');
    clock = after(now, 2 * afterMs);
    await open.sweep();
    expect(levels()).toEqual([{ labels: { kind: 'decision' }, value: 1_200 }]);
  });

  it('looks again and again, also after a look that failed, and stops while it looks', async () => {
    const found = vi.spyOn(store, 'find').mockRejectedValueOnce(new Error('out of reach'));
    await Promise.all(many.map((id) => keep(paused, id)));
    open = sweep(2);
    let stopped: Promise<void> | undefined;
    fails = (id) => {
      if (id === many[3]) stopped = open.stop();
    };
    open.start();
    await expect.poll(() => stopped !== undefined, { timeout: 10_000 }).toBe(true);
    await stopped;
    expect(asked.length).toBeLessThan(10);
    expect(log.warn).toHaveBeenCalledOnce();
    const looks = found.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(found).toHaveBeenCalledTimes(looks);
  });
});
