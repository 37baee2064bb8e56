import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { MongoClient, type CommandStartedEvent } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { RetryableError } from '@countersign/contracts/problems';
import { atSeconds } from '@countersign/contracts/time';
import { documentOf, type Document } from '../documents.js';
import { GroupCommit } from './group-commit.js';

const uri = inject('mongodbUri');
const state = (version: number, by: string) => ({
  version,
  created_at: atSeconds(1),
  updated_at: atSeconds(1),
  due_at: null,
  traceparent: null,
  tracestate: null,
  by,
});

describe.skipIf(!uri)('commits as one command', () => {
  const client = new MongoClient(uri ?? 'mongodb://localhost', { monitorCommands: true });
  const collection = () => client.db(`countersign_test_${randomUUID()}`).collection<Document>('samples');
  const commands: string[] = [];
  let documents = collection();
  let group: GroupCommit;
  beforeAll(() => {
    client.on('commandStarted', ({ commandName }: CommandStartedEvent) => commands.push(commandName));
  });
  beforeEach(() => {
    documents = collection();
    group = new GroupCommit(documents);
    commands.length = 0;
  });
  afterAll(() => client.close());

  const insert = (id: string, by = 'us') => group.write({ document: documentOf(id, state(1, by), []).document });
  const update = (id: string, expected: number, by = 'us', of = group) =>
    of.write({ document: documentOf(id, state(expected + 1, by), []).document, expected, keepsOutbox: false });
  const stored = async (id: string) => {
    const found = (await documents.findOne({ _id: id })) as (Document & { by: string }) | null;
    return found && `${found.version} ${found.by}`;
  };
  const ids = Array.from({ length: 40 }, (_, n) => `${n}`);

  it('of a turn: one inserts, one updates, whatever their number', async () => {
    expect(await Promise.all(ids.map((id) => insert(id)))).toEqual(ids.map(() => true));
    expect(await Promise.all([...ids.map((id) => update(id, 1)), insert('new')])).toEqual([
      ...ids.map(() => true),
      true,
    ]);
    expect(commands).toEqual(['insert', 'insert', 'update']);
  });

  it('gathers what is decided while two commands are under way', async () => {
    await Promise.all(ids.map((id) => insert(id)));
    commands.length = 0;
    const writes: Promise<boolean>[] = [];
    for (const id of ids) {
      writes.push(update(id, 1));
      await new Promise(setImmediate);
    }
    await Promise.all(writes);
    expect(commands.length).toBeLessThan(ids.length);
  });

  it('tells each whether it was stored, and reads only when not all were', async () => {
    await Promise.all([insert('a'), insert('b'), insert('c')]);
    await update('b', 1, 'another');
    commands.length = 0;
    expect(await Promise.all([update('a', 1), update('b', 1), update('c', 1), update('gone', 1)])).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(commands).toEqual(['update', 'find']);
    expect(await Promise.all(['a', 'b', 'c', 'gone'].map(stored))).toEqual(['2 us', '2 another', '2 us', null]);
  });

  it('says of an insert that somebody was there before', async () => {
    await insert('a', 'another');
    expect(await Promise.all([insert('a'), insert('b'), insert('b'), insert('c')])).toEqual([false, true, false, true]);
    expect(await Promise.all(['a', 'b', 'c'].map(stored))).toEqual(['1 another', '1 us', '1 us']);
  });

  it('has one winner for each version of each document, however many groups compete', async () => {
    const groups = [group, new GroupCommit(documents), new GroupCommit(documents)];
    await Promise.all(ids.map((id) => insert(id)));
    const won = new Map<string, string[]>();
    await Promise.all(
      ids.flatMap((id) =>
        groups.flatMap((each, g) =>
          ['x', 'y'].map(async (suffix) => {
            const by = `${g}${suffix}`;
            if (await update(id, 1, by, each)) won.set(id, [...(won.get(id) ?? []), by]);
          }),
        ),
      ),
    );
    for (const id of ids) expect([`2 ${won.get(id)?.join()}`]).toEqual([await stored(id)]);
  });

  /** Calls this between the answer of a command and the read that follows it. */
  const beforeRead = (work: () => Promise<unknown>) => {
    const find = documents.find.bind(documents);
    documents.find = ((...query: Parameters<typeof find>) => {
      const cursor = find(...query);
      const toArray = cursor.toArray.bind(cursor);
      cursor.toArray = async () => (await work(), toArray());
      return cursor;
    }) as typeof find;
  };

  it('tells who won although others have written since', async () => {
    await Promise.all([insert('a'), insert('b')]);
    await update('b', 1, 'another');
    const others = new GroupCommit(documents);
    beforeRead(async () => {
      for (const version of [2, 3, 4]) await update('a', version, 'another', others);
      for (const version of [2, 3, 4]) await update('b', version, 'another', others);
    });
    expect(await Promise.all([update('a', 1), update('b', 1)])).toEqual([true, false]);
  });

  it('does not take a commit for lost over which more were written than it can tell', async () => {
    await Promise.all([insert('a'), insert('b')]);
    await update('b', 1, 'another');
    beforeRead(() => documents.updateOne({ _id: 'a' }, { $set: { version: 30 }, $unset: { commit_ids: 1 } }));
    const [a, b] = [update('a', 1), update('b', 1)];
    await expect(a).rejects.toThrow(RetryableError);
    expect(await b).toBe(false);
  });

  it('fails one that the server refuses, and stores the others', async () => {
    await Promise.all([insert('a'), insert('b'), insert('c')]);
    await documents.updateOne({ _id: 'b' }, { $set: { outbox: 'no list' as never } });
    const refused = group.write({
      document: documentOf('b', state(2, 'us'), [{ id: 'e' } as never]).document,
      expected: 1,
      keepsOutbox: true,
    });
    const [a, b, c] = await Promise.allSettled([update('a', 1), refused, update('c', 1)]);
    expect([a.status, b.status, c.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await Promise.all(['a', 'c'].map(stored))).toEqual(['2 us', '2 us']);
  });
});
