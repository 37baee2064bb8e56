import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  after,
  listing,
  scriptedMongo,
  serverError,
  takesAll,
  type Script,
} from '../../test/mongodb/scripted-mongodb.js';
import { sample, samples, transition, type Sample } from '../../test/store.contract.js';
import { MongoDatabase } from './mongodb-database.js';

const log = { info: vi.fn(), warn: vi.fn() };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
  vi.clearAllMocks();
});

async function serverThat(script: Script) {
  const server = await scriptedMongo(script);
  opened.push(server);
  return server;
}
function databaseAt(uri: string) {
  const database = new MongoDatabase({ uri, log });
  opened.push(database);
  return database;
}
/** Fails one command and takes all others. */
const failing =
  (failed: string, code: number, codeName: string): Script =>
  (command, name) =>
    name === failed ? serverError(code, codeName) : takesAll(command, name);
const warnings = () => log.warn.mock.calls.map(([fields, message]) => ({ ...fields, message }));

describe('whether MongoDB can be used', () => {
  it('is found by reading and by a write that matches nothing, in the database that the URI names', async () => {
    const server = await serverThat(takesAll);
    await databaseAt(`mongodb://${server.host}/payments`).ping();
    const [find] = server.named('find');
    const [update] = server.named('update');
    expect(find).toMatchObject({ $db: 'payments' });
    expect(update).toMatchObject({
      $db: 'payments',
      updates: [{ q: { _id: expect.any(String) }, u: expect.anything() }],
    });
    expect((update!['updates'] as object[])[0]).not.toHaveProperty('upsert', true);
  });

  it('is not said by a server that answers a ping and allows nothing', async () => {
    for (const command of ['find', 'update']) {
      const server = await serverThat(failing(command, 13, 'Unauthorized'));
      const database = databaseAt(server.uri);
      await expect(database.ping()).rejects.toThrow(RetryableError);
      await expect(database.ping()).rejects.toThrow(/not allowed.*readWrite/);
    }
  });

  it('is denied with the reason by every method, which is logged once: the password is wrong', async () => {
    const server = await serverThat((command, name) =>
      name === 'saslStart'
        ? serverError(18, 'AuthenticationFailed', 'Authentication failed.')
        : takesAll(command, name),
    );
    const database = databaseAt(`mongodb://ada:wrong@${server.host}/countersign`);
    const { store } = database.collection(samples());
    const tries = [() => database.ping(), () => store.get('a'), () => store.count({})];
    for (const work of [...tries, ...tries]) await expect(work()).rejects.toThrow(/user or the password.*authSource/s);
    expect(warnings().map(({ code }) => code)).toEqual([18]);
  });

  it('is denied with the reason: nobody listens', async () => {
    const database = databaseAt('mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=200');
    const { store } = database.collection(samples());
    for (const work of [() => database.ping(), () => store.get('a'), () => store.get('b')])
      await expect(work()).rejects.toThrow('ECONNREFUSED 127.0.0.1:1');
    await vi.waitFor(() => expect(warnings()).toHaveLength(1));
    await expect(store.get('a')).rejects.toThrow(/ECONNREFUSED/);
    expect(warnings()).toHaveLength(1);
  });
});

describe('what a URI says', () => {
  it('cannot weaken reads and writes', async () => {
    const server = await serverThat(takesAll);
    const weaker =
      'w=0&journal=false&wtimeoutMS=1&readConcernLevel=local&readPreference=secondaryPreferred&maxStalenessSeconds=120';
    const database = databaseAt(`${server.uri}?${weaker}`);
    const collection = samples();
    const { store } = database.collection(collection);
    await store.get('a');
    await store.commit(transition(collection, sample('a')));
    expect(server.named('find').at(-1)).toMatchObject({ readConcern: { level: 'majority' } });
    expect(server.named('find').at(-1)).not.toHaveProperty('$readPreference.mode', 'secondaryPreferred');
    expect(server.named('insert')[0]).toMatchObject({ writeConcern: { w: 'majority', j: true } });
    expect(server.named('insert')[0]).not.toHaveProperty('writeConcern.wtimeout');
  });

  it.each(['promoteBuffers=true', 'promoteValues=false', 'promoteLongs=false', 'raw=true', 'bsonRegExp=true'])(
    'does not change what is read: %s',
    async (option) => {
      const collection = samples();
      const stored = sample('a', { tool_args: { $set: 1, n: 2 ** 40 } });
      let document: Record<string, unknown> | undefined;
      const server = await serverThat((command, name) => {
        if (name === 'insert') [document] = command['documents'] as Record<string, unknown>[];
        if (name !== 'find') return takesAll(command, name);
        const { _id, outbox: _, ...fields } = document ?? {};
        return listing(_id === undefined ? [] : [fields]);
      });
      const { store } = databaseAt(`${server.uri}?${option}`).collection(collection);
      await store.commit(transition(collection, stored, 0));
      expect(await store.get('a')).toEqual(stored);
    },
  );

  it('sets the time-outs', async () => {
    const server = await serverThat((command, name) =>
      name === 'find' ? after(2_000, listing([])) : takesAll(command, name),
    );
    const { store } = databaseAt(`${server.uri}?socketTimeoutMS=100`).collection(samples());
    await expect(store.get('a')).rejects.toThrow(/time/);
  });
});

describe('what the server refuses for good', () => {
  it.each([
    [121, 'DocumentValidationFailure'],
    [2, 'BadValue'],
    [9, 'FailedToParse'],
    [14, 'TypeMismatch'],
    [10334, 'BSONObjectTooLarge'],
    [17419, 'Location17419'],
  ])('is terminal, of one write and of one among others: %i', async (code, errmsg) => {
    const server = await serverThat((command, name) => {
      if (name !== 'update') return takesAll(command, name);
      const updates = command['updates'] as { q: { _id: string } }[];
      const index = updates.findIndex(({ q }) => q._id === 'refused');
      const n = updates.length - (index < 0 ? 0 : 1);
      return { n, nModified: n, ...(index >= 0 && { writeErrors: [{ index, code, errmsg }] }) };
    });
    const collection = samples();
    const { store } = databaseAt(server.uri).collection(collection);
    const commit = (id: string, version: number) => store.commit(transition(collection, sample(id, { version }), 0));
    for (const id of ['refused', 'b', 'c']) await commit(id, 1);
    const [refused] = await Promise.allSettled([commit('refused', 2), commit('b', 2)]);
    expect(refused).toHaveProperty('reason', expect.any(TerminalError));
    await commit('refused', 1);
    await expect(commit('refused', 2)).rejects.toThrow(TerminalError);
  });

  it('is not that a record is too large with the events that it has not published yet', async () => {
    const server = await serverThat((command, name) =>
      name === 'update'
        ? { n: 0, nModified: 0, writeErrors: [{ index: 0, code: 17419, errmsg: 'too large' }] }
        : name === 'findAndModify'
          ? serverError(17419, 'Location17419')
          : takesAll(command, name),
    );
    const collection = samples();
    const { store } = databaseAt(server.uri).collection(collection);
    await store.commit(transition(collection, sample('here')));
    for (const id of ['here', 'elsewhere']) {
      const commit = store.commit(transition(collection, sample(id, { version: 2 })));
      await expect(commit).rejects.toThrow(RetryableError);
    }
  });

  it('is not what may pass: another primary, no time, a right that is missing', async () => {
    for (const [code, name] of [
      [10107, 'NotWritablePrimary'],
      [50, 'MaxTimeMSExpired'],
      [13, 'Unauthorized'],
    ] as const) {
      const server = await serverThat(failing('find', code, name));
      await expect(databaseAt(server.uri).collection(samples()).store.get('a')).rejects.toThrow(RetryableError);
    }
  });
});

describe('a commit', () => {
  it('touches no outbox of a record that has no events', async () => {
    const server = await serverThat((command, name) =>
      name === 'update' || name === 'findAndModify'
        ? { n: 1, nModified: 1, value: { outbox: [] } }
        : takesAll(command, name),
    );
    const collection = samples();
    const { store } = databaseAt(server.uri).collection(collection);
    await store.commit(transition(collection, sample('here'), 0));
    await store.commit(transition(collection, sample('here', { version: 2 }), 0));
    await store.commit(transition(collection, sample('elsewhere', { version: 2 }), 0));
    expect(JSON.stringify([...server.named('update'), ...server.named('findAndModify')])).not.toContain('$push');
  });
});

describe('a list', () => {
  it('is given a time to take, and an empty filter is counted by the index of the ids', async () => {
    const server = await serverThat(takesAll);
    const { store } = databaseAt(server.uri).collection(samples());
    await store.find({ filter: {}, sort: [], limit: 1 });
    await store.count({});
    await store.count({ status: 'x' });
    expect(server.named('find').at(-1)).toMatchObject({ maxTimeMS: 5_000 });
    expect(server.named('aggregate')).toMatchObject([{ hint: '_id_', maxTimeMS: 5_000 }, { maxTimeMS: 5_000 }]);
    expect(server.named('aggregate')[1]).not.toHaveProperty('hint');
  });
});

describe('indexes', () => {
  const indexNames = (command: Record<string, unknown>) =>
    (command['indexes'] as { key: object }[]).map(({ key }) => Object.keys(key).join());

  it('are made one by one, and one that cannot be made is said once, and holds up no other', async () => {
    const server = await serverThat((command, name) => {
      if (name !== 'createIndexes') return takesAll(command, name);
      return indexNames(command)[0]!.startsWith('agent_id') ? serverError(86, 'IndexKeySpecsConflict') : {};
    });
    const database = databaseAt(server.uri);
    const { name, indexes } = samples();
    database.collection<Sample>({ name, key: 'sample_id', indexes });
    await vi.waitFor(() => expect(server.named('createIndexes')).toHaveLength(indexes.length + 1));
    await vi.waitFor(() => expect(database.missingIndexes()).toEqual([name]));
    expect(server.named('createIndexes').map((command) => indexNames(command).length)).toEqual(Array(5).fill(1));
    expect(warnings()).toMatchObject([{ collection: name, index: ['agent_id', 'created_at'], code: 86 }]);
  });

  it('that are there under another name are fine, but for one that holds other records', async () => {
    const existing = [
      { key: { agent_id: 1, created_at: 1, _id: 1 }, name: 'mine' },
      { key: { group: 1, _id: 1 }, name: 'unique', unique: true },
    ];
    const server = await serverThat((command, name) => {
      if (name === 'listIndexes') return listing(existing);
      if (name !== 'createIndexes') return takesAll(command, name);
      const [first] = indexNames(command);
      return /^(agent_id|group)/.test(first!) ? serverError(85, 'IndexOptionsConflict') : {};
    });
    const database = databaseAt(server.uri);
    const collection = samples();
    database.collection(collection);
    await vi.waitFor(() => expect(warnings()).toMatchObject([{ index: ['group'], code: 85 }]));
    expect(database.missingIndexes()).toEqual([collection.name]);
  });

  it('may take longer to make than any answer, and are said to be under way', async () => {
    const server = await serverThat((command, name) =>
      name === 'createIndexes' ? after(400, {}) : takesAll(command, name),
    );
    const database = new MongoDatabase({ uri: `${server.uri}?socketTimeoutMS=150`, log, slowIndexMs: 100 });
    opened.push(database);
    const { name } = samples();
    database.collection<Sample>({ name, key: 'sample_id', indexes: [] });
    await vi.waitFor(() =>
      expect(log.info).toHaveBeenCalledWith(
        expect.objectContaining({ collection: name }),
        expect.stringMatching(/under way/),
      ),
    );
    await vi.waitFor(() => expect(database.missingIndexes()).toEqual([]));
    expect(server.named('createIndexes')).toHaveLength(1);
    expect(warnings()).toEqual([]);
  });
});
