import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { describeAppendLog } from '../../test/append-log.contract.js';
import { describeStore, sample, samples, transition } from '../../test/store.contract.js';
import type { Event } from '@countersign/contracts';
import { after, systemClock } from '@countersign/contracts/time';
import { MongoDatabase } from './mongodb-database.js';

const uri = inject('mongodbUri');
const dbName = `countersign_test_${randomUUID()}`;
if (uri) {
  describeStore('MongoDB', () => new MongoDatabase({ uri, dbName, log: console }));
  describeAppendLog('MongoDB', () => new MongoDatabase({ uri, dbName, log: console }));
} else it.skip('MongoDB as a record store: NOT TESTED, there is no server; set MONGODB_URI');

describe.skipIf(!uri)('MongoDB as the outbox of two processes', () => {
  let here: MongoDatabase;
  let there: MongoDatabase;
  beforeAll(() => {
    [here, there] = [1, 2].map(() => new MongoDatabase({ uri: uri!, dbName, log: console })) as [
      MongoDatabase,
      MongoDatabase,
    ];
  });
  afterAll(() => Promise.all([here.close(), there.close()]));

  const open = () => {
    const collection = samples();
    const [one, other] = [here.collection(collection), there.collection(collection)];
    const commit = ({ store }: typeof one, version: number, events = 1) =>
      store.commit(transition(collection, sample('a', { version }), events));
    const left = () => other.outbox.unpublished({ before: after(systemClock(), 1_000), limit: 1 });
    return { collection, one, other, commit, left };
  };
  const ids = (events: readonly Event[]) => events.map(({ id }) => id);

  it('hands on what the other has not published yet, in front of its own', async () => {
    const { one, other, commit, left } = open();
    const first = await commit(one, 1, 2);
    const both = await commit(other, 2);
    expect(ids(both)).toEqual([...ids(first), ids(both)[2]]);
    expect(ids(await left())).toEqual(ids(both));
    expect(ids(await commit(one, 3)).slice(0, 3)).toEqual(ids(both));
  });

  it('reads the events that a former version left as documents', async () => {
    const collection = samples();
    const { events, state } = transition(collection, sample('a'), 2);
    const client = await new MongoClient(uri!).connect();
    onTestFinished(() => client.close());
    const outbox = events.map((event) => ({ id: event.id, committed_at: 1, event }));
    const { sample_id: _id, ...fields } = state;
    const documents = client.db(dbName).collection<{ _id: string }>(collection.name);
    await documents.insertOne({ _id, ...fields, outbox } as never);
    await documents.createIndex({ 'outbox.committed_at': 1 });
    const { store, outbox: left } = here.collection(collection);
    const unpublished = () => left.unpublished({ before: systemClock(), limit: 1 });
    await vi.waitFor(async () => expect(await unpublished()).toEqual(events));
    await vi.waitFor(async () => expect(await documents.indexExists('outbox.committed_at_1')).toBe(false));
    const next = await store.commit(transition(collection, sample('a', { version: 2 })));
    expect(ids(next).slice(0, 2)).toEqual(ids(events));
  });

  it('shares the parts of a record that is too large for one document, keeps those that it had, and removes them', async () => {
    const { one, other, collection } = open();
    const client = await new MongoClient(uri!).connect();
    onTestFinished(() => client.close());
    const parts = () => client.db(dbName).collection(`${collection.name}_parts`).distinct('_id');
    const log = Array.from({ length: 200 }, (_, n) => `${n} `.repeat(20_000));
    const commit = ({ store }: typeof one, id: string, version: number, length: number) =>
      store.commit(transition(collection, sample(id, { version, log: log.slice(0, length) }), 0));
    await commit(one, 'a', 1, 150);
    const before = await parts();
    await commit(other, 'a', 2, 200);
    const after = await parts();
    expect(after).toEqual(expect.arrayContaining(before));
    expect((await one.store.get('a'))!.log).toEqual(log);
    await commit(one, 'a\0b', 1, 200);
    expect(await other.store.remove({ sample_id: 'a' }, 10)).toBe(1);
    expect((await parts()).length).toBe(after.length);
    expect((await one.store.get('a\0b'))!.log).toEqual(log);
  });

  it('forgets what either has published, and nothing else', async () => {
    const { one, other, commit, left } = open();
    const first = await commit(one, 1, 2);
    await one.outbox.markPublished(first.slice(0, 1));
    const [second, third] = await commit(other, 2);
    expect(second!.id).toBe(first[1]!.id);
    await Promise.all([one.outbox.markPublished([second!]), other.outbox.markPublished([third!])]);
    expect(await left()).toEqual([]);
    expect(await commit(one, 3, 0)).toEqual([]);
  });

  it('leaves no mark of an outbox that both have emptied at once, nor of one that was written over', async () => {
    const { one, other, commit, collection } = open();
    const client = await new MongoClient(uri!).connect();
    onTestFinished(() => client.close());
    const marked = async () => {
      const documents = client.db(dbName).collection(collection.name);
      return documents.countDocuments({ outbox_since: { $exists: true } });
    };
    const [first, second] = await commit(one, 1, 2);
    expect(await marked()).toBe(1);
    await Promise.all([one.outbox.markPublished([first!]), other.outbox.markPublished([second!])]);
    expect(await other.outbox.unpublished({ before: systemClock(), limit: 1 })).toEqual([]);
    expect(await marked()).toBe(0);
    const events = await commit(one, 2);
    const clearing = one.outbox.markPublished(events);
    await commit(one, 3, 0);
    expect(await marked()).toBe(0);
    await clearing;
    await commit(other, 4);
    expect(await marked()).toBe(1);
  });

  it('writes over an outbox only what follows all that was published from it', async () => {
    const { one, commit, left } = open();
    const [published, waiting] = await commit(one, 1, 2);
    const marked = one.outbox.markPublished([published!]);
    const next = await commit(one, 2);
    expect(ids(next)[0]).toBe(waiting!.id);
    await marked;
    expect(ids(await left())).toEqual(ids(next));
    const all = one.outbox.markPublished(next);
    const last = await commit(one, 3);
    expect(ids(await left())).toEqual(ids(last));
    await all;
    expect(ids(await left())).toEqual(ids(last));
  });
});
