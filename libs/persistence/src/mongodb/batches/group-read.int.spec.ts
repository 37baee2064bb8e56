import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { MongoClient, type CommandStartedEvent } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Document } from '../documents.js';
import { GroupRead } from './group-read.js';

const uri = inject('mongodbUri');

describe.skipIf(!uri)('reads as one command', () => {
  const client = new MongoClient(uri ?? 'mongodb://localhost', { monitorCommands: true });
  const commands: string[] = [];
  let documents = client.db().collection<Document>('samples');
  let reads: GroupRead;
  const ids = Array.from({ length: 130 }, (_, n) => `${n}`);
  beforeAll(() => {
    client.on('commandStarted', ({ commandName }: CommandStartedEvent) => commands.push(commandName));
  });
  beforeEach(async () => {
    documents = client.db(`countersign_test_${randomUUID()}`).collection<Document>('samples');
    reads = new GroupRead(documents);
    await documents.insertMany(ids.map((id) => ({ _id: id, id, version: 1, outbox: [] })));
    commands.length = 0;
  });
  afterAll(() => client.close());

  it('of a turn: each gets its own document, or none, whatever their number', async () => {
    const found = await Promise.all([...ids, 'none', '7'].map((id) => reads.get(id)));
    expect(found).toEqual([...ids.map((id) => ({ id, version: 1 })), undefined, { id: '7', version: 1 }]);
    expect(commands).toEqual(['find', 'find']);
  });

  it('is the same for one alone', async () => {
    expect([await reads.get('7'), await reads.get('none')]).toEqual([{ id: '7', version: 1 }, undefined]);
  });

  it('sees what was stored before it was requested, also while others are under way', async () => {
    const earlier: Promise<unknown>[] = [];
    for (const id of ids.slice(0, 3)) {
      earlier.push(reads.get(id));
      await new Promise(setImmediate);
    }
    await documents.updateOne({ _id: '2' }, { $set: { version: 2 } });
    expect(await reads.get('2')).toEqual({ id: '2', version: 2 });
    await Promise.all(earlier);
  });

  it('fails for all of them where the command does', async () => {
    const away = new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 50 });
    const broken = new GroupRead(away.db('test').collection<Document>('samples'));
    const results = await Promise.allSettled([broken.get('1'), broken.get('2')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await away.close();
  });
});
