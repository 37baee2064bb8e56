import { eventId } from '@countersign/contracts';
import type { Run, RunStatus } from '@countersign/contracts/runs';
import type { Bus, Delivery } from '@countersign/messaging';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { hasStatus, waitsForPerson, RunWatch } from './run-watch.js';
import {
  call,
  callIn,
  cancelRequested,
  claimed,
  continued,
  now,
  paused,
  requested,
  resolved,
  responded,
  runAfter,
  text,
} from '../../test/run.fixtures.js';

const pending = runAfter(requested);
const completed = continued(pending, now, claimed, responded(text('Hello.')));

describe('waiting for a run', () => {
  let close: () => void;
  let store: Store<Run>;
  let stopping: AbortController;
  let watch: RunWatch;
  let looked: PromiseWithResolvers<void>;
  beforeEach(async () => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    const { store: found } = temporary.database.collection<Run>({ name: 'runs', key: 'run_id', indexes: [] });
    await found.commit({ expected: 0, state: pending, events: [] });
    looked = Promise.withResolvers();
    store = {
      get: (id) => found.get(id).finally(() => looked.resolve()),
      find: (query) => found.find(query),
      count: (filter) => found.count(filter),
      commit: (commit) => found.commit(commit),
      remove: (filter, limit) => found.remove(filter, limit),
    };
    stopping = new AbortController();
    watch = new RunWatch(store, stopping.signal);
  });
  afterEach(() => close());

  const complete = () => store.commit({ expected: 1, state: { ...completed, version: 2 }, events: [] });
  /** Begins to wait, and has looked once when this returns. */
  async function begin(timeout = 60_000) {
    const waited = watch.waitFor('run-1', hasStatus(['COMPLETED']), timeout).then((run) => run?.status);
    await looked.promise;
    looked = Promise.withResolvers();
    return { waited, lookedAgain: looked.promise };
  }

  it('is over at once when the run is as wanted, or when there is no such run', async () => {
    const wanted: RunStatus[] = ['ERROR', 'PENDING'];
    expect(await watch.waitFor('run-1', hasStatus(wanted), 60_000)).toEqual(pending);
    expect(await watch.waitFor('run-2', hasStatus(wanted), 60_000)).toBeUndefined();
  });

  it('is over when somebody says that the run changed', async () => {
    const { waited } = await begin();
    await complete();
    watch.changed('run-1');
    expect(await waited).toBe('COMPLETED');
  });

  it('is over within a while when nobody says so', async () => {
    const { waited } = await begin();
    await complete();
    expect(await waited).toBe('COMPLETED');
  });

  it('costs the store no more looks where many wait, and one that waits alone none less', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    let looks = 0;
    const counted = { ...store, get: async () => (looks++, pending) };
    const watched = new RunWatch(counted, stopping.signal);
    const wait = (id: number) => void watched.waitFor(`run-${id}`, hasStatus(['COMPLETED']), 60_000);
    wait(0);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(looks).toBe(11);
    for (let n = 1; n < 5_000; n++) wait(n);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(looks).toBeLessThan(5_011 + 500 * 21);
  });

  it('goes on when the run changed to something else', async () => {
    const { waited, lookedAgain } = await begin();
    watch.changed('another run');
    watch.changed('run-1');
    await lookedAgain;
    await complete();
    watch.changed('run-1');
    expect(await waited).toBe('COMPLETED');
  });

  it('ends with its time, and says how the run stands', async () => {
    expect(await watch.waitFor('run-1', hasStatus(['COMPLETED']), 10)).toEqual(pending);
    expect(await watch.waitFor('run-1', hasStatus(['COMPLETED']), 0)).toEqual(pending);
  });

  it('ends when the process stops', async () => {
    const { waited } = await begin();
    stopping.abort();
    expect(await waited).toBe('PENDING');
    expect((await watch.waitFor('run-1', hasStatus(['COMPLETED']), 60_000))?.status).toBe('PENDING');
  });

  it('sees changes of other instances on the bus, whatever becomes of a run but its text', async () => {
    const heard: unknown[] = [];
    let tailed: Parameters<Bus['tail']>[0] | undefined;
    let closed = false;
    const tail: Bus['tail'] = (options) => {
      tailed = options;
      return { joined: true, close: async () => void (closed = true) };
    };
    watch.tail({ tail } as Bus, (...change) => heard.push(change));
    expect(tailed!.topics).toEqual(
      expect.arrayContaining([
        'run.started',
        'run.paused',
        'run.continued',
        'run.completed',
        'run.failed',
        'run.cancelled',
      ]),
    );
    expect(tailed!.topics).not.toContain('run.output_delta');
    expect(tailed!.topics).not.toContain('run.requested');
    const { waited } = await begin();
    await complete();
    const headers = { ce_id: eventId('runs', 'run-1', 4, 0) };
    tailed!.handle({ key: null, headers } as unknown as Delivery);
    tailed!.handle({ key: 'run-1', headers } as unknown as Delivery);
    tailed!.handle({ key: 'run-2', headers: { ce_id: 'another/4/0' } } as unknown as Delivery);
    expect(await waited).toBe('COMPLETED');
    expect(heard).toEqual([
      ['run-1', 4],
      ['run-2', undefined],
    ]);
    await watch.stop();
    expect(closed).toBe(true);
  });
});

describe('a run needs somebody', () => {
  const approvedFirst = runAfter(
    requested,
    claimed,
    responded(call('call_a')),
    resolved(callIn(paused, 'call_a'), 'approved'),
  );

  it.each<[string, boolean, Run]>([
    ['while it waits for a worker', false, pending],
    ['while a worker has it', false, runAfter(requested, claimed)],
    ['when it is paused for a decision', true, paused],
    ['when it is paused for an executor alone', false, approvedFirst],
    ['when it is completed', true, completed],
    ['when it is cancelled', true, runAfter(requested, cancelRequested)],
  ])('%s: %s', (_, expected, run) => {
    expect(waitsForPerson(run)).toBe(expected);
  });
});
