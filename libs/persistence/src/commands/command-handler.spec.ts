import { emit, type Event } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import { atMillis, atSeconds } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandHandler } from './command-handler.js';
import type { Collection, Store, StoredRecord } from '../store.js';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';
import { changed, ignored, rejected, type Transition } from './transition.js';

interface Counter extends StoredRecord {
  id: string;
  run_id: string;
  count: number;
}
type Message = 'add' | 'known only' | 'reset' | 'duplicate' | 'forbidden';

const counters: Collection<Counter> = { name: 'counters', key: 'id', indexes: [] };
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const now = atMillis(Date.parse('2026-09-01T09:30:00.123Z'));
const empty: Counter = {
  id: 'c',
  run_id: 'run-1',
  count: 0,
  version: 0,
  due_at: null,
  traceparent,
  tracestate: 'vendor=a',
  created_at: atSeconds(0),
  updated_at: atSeconds(0),
};
const most = 3;

function decide(counter: Counter | undefined, message: Message): Transition<Counter> {
  if (message === 'duplicate') return ignored('it is known');
  if (message === 'known only' && !counter) return ignored('there is none');
  if (message === 'forbidden') return rejected('not_allowed', 'it is not allowed');
  const { count, ...rest } = counter ?? empty;
  if (message === 'reset') return changed({ ...rest, count: 0 });
  if (count === most) return rejected('full', 'it is full');
  const user_id = `after ${count}`;
  return changed(
    { ...rest, count: count + 1 },
    emit('run.continued', { run_id: 'run-1', agent_id: 'ops', session_id: 's', user_id, requested_by: null }),
    emit('run.failed', {
      run_id: 'run-1',
      agent_id: 'ops',
      session_id: 's',
      user_id,
      requested_by: null,
      error: 'e',
      repeated: false,
      requirements: [],
      signature: null,
    }),
  );
}

describe('handling a message', () => {
  let dir: string;
  let file: SqliteFile;
  let published: Event[];
  let store: Store<Counter>;
  let counter: CommandHandler<Counter, Message>;
  const options = () => ({
    collection: counters,
    store,
    decide,
    publish: (events: readonly Event[]) => void published.push(...events),
    now: () => now,
    source: '/countersign/executor',
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-handle-'));
    file = new SqliteFile(dir);
    published = [];
    ({ store } = new SqliteDatabase(file).collection(counters));
    counter = new CommandHandler(options());
  });
  afterEach(() => (file.close(), rmSync(dir, { recursive: true })));

  it('stores the new state under the next version, and hands its events over to be published', async () => {
    const handled = await counter.execute('c', 'add');
    expect(handled).toEqual({ kind: 'changed', state: { ...empty, count: 1, version: 1, sequence: 2 } });
    expect(await counter.store.get('c')).toEqual({ ...empty, count: 1, version: 1, sequence: 2 });
    const stamp = {
      source: '/countersign/executor',
      time: '2026-09-01T09:30:00.123Z',
      subject: 'counters/c',
      key: 'run-1',
      traceparent,
      tracestate: 'vendor=a',
    };
    expect(published).toMatchObject([
      { id: 'counters/c/1/0', type: 'run.continued', ...stamp },
      { id: 'counters/c/1/1', type: 'run.failed', ...stamp, data: { error: 'e' } },
    ]);
  });

  /** What is not marked as published comes again with each commit. */
  const numbers = () => [
    ...new Set(published.map(({ id, sequence }) => `${id.slice('counters/c/'.length)}: ${sequence}`)),
  ];

  it('numbers the events of a record without a gap, whatever its machine makes of the count and who else tries', async () => {
    await counter.execute('c', 'add');
    await counter.execute('c', 'reset');
    const forgetful = new CommandHandler<Counter, Message>({
      ...options(),
      decide(state, message) {
        const transition = decide(state, message);
        if (transition.kind !== 'changed') return transition;
        const { sequence: _, ...rest } = transition.state;
        return { ...transition, state: rest };
      },
    });
    await forgetful.execute('c', 'reset');
    await Promise.all([forgetful.execute('c', 'add'), counter.execute('c', 'add')]);
    const expected = ['1/0: 1', '1/1: 2', '4/0: 3', '4/1: 4', '5/0: 5', '5/1: 6'];
    expect(numbers().toSorted()).toEqual(expected);
    expect(await store.get('c')).toMatchObject({ version: 5, sequence: 6 });
  });

  it('begins with 1 on a record of before there were numbers, and goes on after a version that has none', async () => {
    const stored = { ...empty, count: 0, version: 7 };
    await file.write(() => void file.sql('INSERT INTO counters VALUES (?, ?, ?)').run('c', 7, JSON.stringify(stored)));
    await counter.execute('c', 'add');
    const state = (await store.get('c'))!;
    await store.commit({ expected: 8, state: { ...state, version: 9, count: 0 }, events: [] });
    await new CommandHandler(options()).execute('c', 'add');
    expect(numbers()).toEqual(['8/0: 1', '8/1: 2', '10/0: 3', '10/1: 4']);
  });

  it('says in its events who it is by, and what caused it', async () => {
    const by = { authtype: 'api_key', authid: 'ada', authclaims: '{}', causationid: 'c-1' } as const;
    await counter.execute('c', 'add', { act: by });
    await counter.execute('c', 'add');
    const messages = new CommandHandler<Counter, object>({ ...options(), decide: (state) => decide(state, 'add') });
    await messages.execute('c', { event: { id: 'e-1', source: '/countersign/executor' } });
    await counter.execute('c', 'reset');
    await messages.execute('c', { id: 'e-2', source: '/countersign/executor', type: 'run.cancelled' });
    const of = (version: number) => published.find(({ id }) => id === `counters/c/${version}/0`);
    expect(of(1)).toMatchObject(by);
    expect(of(2)).toMatchObject({ authtype: 'system' });
    expect(of(2)).not.toHaveProperty('causationid');
    expect(of(3)).toMatchObject({ authtype: 'system', causationid: 'e-1' });
    expect(of(5)).toMatchObject({ authtype: 'system', causationid: 'e-2' });
  });

  it.each([
    ['duplicate', { kind: 'ignored', reason: 'it is known' }],
    ['forbidden', { kind: 'rejected', code: 'not_allowed', reason: 'it is not allowed' }],
  ] as const)('of a %s one changes and publishes nothing, and says why', async (message, answer) => {
    expect(await counter.execute('c', message)).toEqual({ ...answer, state: undefined });
    await counter.execute('c', 'add');
    published.length = 0;
    const state = await counter.store.get('c');
    expect(await counter.execute('c', message)).toEqual({ ...answer, state });
    expect(await counter.store.get('c')).toEqual(state);
    expect(published).toEqual([]);
  });

  it('decides again on the fresh state when somebody else was faster', async () => {
    const handled = await Promise.all(Array.from({ length: 8 }, () => counter.execute('c', 'add')));
    expect(handled.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array<string>(most).fill('changed'),
      ...Array<string>(8 - most).fill('rejected'),
    ]);
    expect(await counter.store.get('c')).toMatchObject({ count: most, version: most });
    const told = published.filter(({ type }) => type === 'run.continued');
    expect(new Set(told.map(({ id, data }) => `${id} ${(data as { user_id: string }).user_id}`))).toEqual(
      new Set(['counters/c/1/0 after 0', 'counters/c/2/0 after 1', 'counters/c/3/0 after 2']),
    );
  });

  it('trusts the state that the caller knows for as long as it is current', async () => {
    const first = await counter.execute('c', 'add');
    const known = first.state!;
    expect(await counter.execute('c', 'add', { known })).toMatchObject({ state: { count: 2, version: 2 } });
    expect(await counter.execute('c', 'add', { known })).toMatchObject({ state: { count: 3, version: 3 } });
    expect(await counter.execute('c', 'add', { known })).toMatchObject({ kind: 'rejected', state: { count: 3 } });
  });

  it('decides on what it stored last without a read, and on a fresh state when that is not current any more', async () => {
    const other = new CommandHandler(options());
    await counter.execute('c', 'add');
    const get = vi.spyOn(counter.store, 'get');
    expect(await counter.execute('c', 'add')).toMatchObject({ state: { count: 2, version: 2 } });
    expect(get).not.toHaveBeenCalled();
    await other.execute('c', 'add');
    expect(await counter.execute('c', 'add')).toMatchObject({ kind: 'rejected', state: { count: 3, version: 3 } });
    // By each of them, once.
    expect(get).toHaveBeenCalledTimes(2);
  });

  it('refuses nothing by a state that may be old', async () => {
    const other = new CommandHandler(options());
    for (let n = 0; n < most; n += 1) await counter.execute('c', 'add');
    await other.execute('c', 'reset');
    expect(await counter.execute('c', 'add')).toMatchObject({ kind: 'changed', state: { count: 1 } });
  });

  it('gives the record as it was after an event, without a read when it stored that itself', async () => {
    const get = vi.spyOn(store, 'get');
    await counter.execute('c', 'add');
    const [event] = published;
    const before = get.mock.calls.length;
    expect(await counter.after(event!)).toMatchObject({ version: 1, count: 1 });
    expect(get.mock.calls.length).toBe(before);
    await new CommandHandler<Counter, Message>(options()).execute('c', 'add');
    const later = published.at(-1)!;
    expect(await counter.after(later)).toMatchObject({ version: 2, count: 2 });
    expect(await counter.after({ ...event!, id: 'of another form' })).toMatchObject({ version: 2 });
    expect(await counter.after({ ...event!, subject: 'counters/gone' })).toBeUndefined();
  });

  it('reads nothing before it creates a record, and decides again when there is one', async () => {
    const get = vi.spyOn(counter.store, 'get');
    expect(await counter.execute('c', 'add', { creates: true })).toMatchObject({ state: { count: 1, version: 1 } });
    expect(get).not.toHaveBeenCalled();
    expect(await counter.execute('c', 'add', { creates: true })).toMatchObject({ state: { count: 2, version: 2 } });
    expect(get).toHaveBeenCalledOnce();
  });

  it('decides on the record there is when nothing would be created', async () => {
    await counter.execute('c', 'add');
    const handled = await counter.execute('c', 'known only', { creates: true });
    expect(handled).toMatchObject({ kind: 'changed', state: { count: 2 } });
    expect(await counter.execute('d', 'known only', { creates: true })).toMatchObject({ kind: 'ignored' });
  });

  it('puts the messages that follow into the same commit, up to the first that changes nothing', async () => {
    const handled = await counter.execute('c', 'add', { then: ['add', 'forbidden', 'add'] });
    expect(handled).toMatchObject({ kind: 'changed', state: { count: 2, version: 1 } });
    expect(published.map(({ id }) => id)).toEqual([0, 1, 2, 3].map((n) => `counters/c/1/${n}`));
  });

  it('does not go on to what follows a message that changes nothing', async () => {
    expect(await counter.execute('c', 'duplicate', { then: ['add'] })).toMatchObject({ kind: 'ignored' });
    expect(await counter.store.get('c')).toBeUndefined();
  });

  it('publishes nothing of what could not be stored', async () => {
    const { state: known } = await counter.execute('c', 'add');
    published.length = 0;
    file.close();
    await expect(counter.execute('c', 'add', { known: known! })).rejects.toThrow(RetryableError);
    expect(published).toEqual([]);
  });
});
