import type {} from '@countersign/infra';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { after, atMillis, systemClock } from '@countersign/contracts/time';
import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { sample, samples, transition } from '../../test/store.contract.js';
import { MongoDatabase } from './mongodb-database.js';
import { VersionConflict } from '../store.js';

const uri = inject('mongodbUri');
const log = { info: vi.fn(), warn: vi.fn() };
const unreachable = 8_000;

describe('MongoDB as a record store, out of reach', () => {
  it('answers with a retryable error within seconds, from every method', { timeout: 2 * unreachable }, async () => {
    const database = new MongoDatabase({ uri: 'mongodb://127.0.0.1:1', dbName: 'none', log });
    const collection = samples();
    const { store, outbox } = database.collection(collection);
    const started = performance.now();
    const events = transition(collection, sample('a')).events;
    const answers = await Promise.allSettled([
      database.ping(),
      store.get('a'),
      store.find({ filter: {}, sort: [], limit: 1 }),
      store.count({}),
      store.remove({}, 1),
      store.commit(transition(collection, sample('a'))),
      store.commit(transition(collection, sample('a', { version: 2 }))),
      outbox.unpublished({ before: atMillis(1), limit: 1 }),
      outbox.markPublished(events),
    ]);
    expect(performance.now() - started).toBeLessThan(unreachable);
    for (const answer of answers) expect(answer).toHaveProperty('reason', expect.any(RetryableError));
    expect(log.warn).toHaveBeenCalledOnce();
    await database.close();
  });

  it('finds out without asking the server what no document can hold', async () => {
    const database = new MongoDatabase({ uri: 'mongodb://127.0.0.1:1', dbName: 'none', log });
    const collection = samples();
    const { store } = database.collection(collection);
    const large = sample('a', { tool_args: { text: 'x'.repeat(17 * 1024 * 1024) } });
    await expect(store.commit(transition(collection, large))).rejects.toThrow(TerminalError);
    await database.close();
  });
});

/** The same server, user and options, but through a port of this machine, by which no certificate knows it. */
function throughProxy(uri: string, port: number): string {
  const [, scheme, user = '', database = '', query = ''] = /^(\w+:\/\/)([^@/]*@)?[^/?]*(\/[^?]*)?(?:\?(.*))?$/.exec(
    uri,
  )!;
  const options = new URLSearchParams(query);
  options.delete('replicaSet');
  options.set('directConnection', 'true');
  if (options.get('tls') === 'true' && !options.has('tlsInsecure')) options.set('tlsAllowInvalidHostnames', 'true');
  return `${scheme}${user}127.0.0.1:${port}${database || '/'}?${options}`;
}

describe.skipIf(!uri)('MongoDB as a record store, when the connection breaks', () => {
  const { hostname, port } = new URL(uri ?? 'mongodb://localhost');
  const dbName = `countersign_test_${randomUUID()}`;
  const sockets = new Set<Socket>();
  /** What happens to an answer of the server that is under way. */
  let answers: 'pass' | 'are lost';
  /** What happens to a request before the server has it. */
  let requests: 'pass' | 'are lost';
  let proxy: Server;
  let database: MongoDatabase;

  const listen = async (at: number): Promise<void> => {
    proxy = createServer((client) => {
      const server = connect(Number(port || 27017), hostname);
      for (const socket of [client, server]) {
        sockets.add(socket);
        socket.on('error', () => {}).on('close', () => (client.destroy(), server.destroy()));
      }
      client.on('data', (request) => (requests === 'pass' ? server.write(request) : client.destroy()));
      server.on('data', (answer) => (answers === 'pass' ? client.write(answer) : client.destroy()));
    }).listen(at, '127.0.0.1');
    await once(proxy, 'listening');
  };
  const cut = async (): Promise<void> => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await once(proxy, 'close');
  };
  const address = (): number => (proxy.address() as AddressInfo).port;

  beforeEach(async () => {
    answers = requests = 'pass';
    await listen(0);
    database = new MongoDatabase({ uri: throughProxy(uri!, address()), dbName, log });
  });
  afterEach(async () => {
    await database.close();
    await cut();
  });
  afterAll(() => log.warn.mockReset());

  it('answers with a retryable error in the middle, and recovers by itself', { timeout: 3 * unreachable }, async () => {
    const collection = samples();
    const { store } = database.collection(collection);
    await store.commit(transition(collection, sample('a')));
    const at = address();
    await cut();
    await Promise.all([
      expect(store.get('a')).rejects.toThrow(RetryableError),
      expect(store.commit(transition(collection, sample('a', { version: 2 })))).rejects.toThrow(RetryableError),
    ]);
    await listen(at);
    await vi.waitFor(() => store.get('a'), { timeout: unreachable });
    await store.commit(transition(collection, sample('a', { version: 2 })));
    expect(await store.get('a')).toStrictEqual(sample('a', { version: 2 }));
  });

  it('takes none of several for stored that reached no server', { timeout: 3 * unreachable }, async () => {
    const collection = samples();
    const { store, outbox } = database.collection(collection);
    const ids = ['a', 'b', 'c', 'd'];
    for (const version of [1, 2]) {
      const commits = ids.map((id) => transition(collection, sample(id, { version })));
      await vi.waitFor(() => database.ping(), { timeout: unreachable });
      requests = 'are lost';
      const sent = await Promise.allSettled(commits.map((commit) => store.commit(commit)));
      expect(sent.map((each) => each.status === 'rejected' && each.reason)).toEqual(
        ids.map(() => expect.any(RetryableError)),
      );
      requests = 'pass';
      await vi.waitFor(() => database.ping(), { timeout: unreachable });
      const stored = await Promise.all(commits.map((commit) => store.commit(commit)));
      await outbox.markPublished(stored.flat());
      expect(await Promise.all(ids.map((id) => store.get(id)))).toStrictEqual(commits.map(({ state }) => state));
    }
  });

  for (const version of [1, 2]) {
    it(`stores version ${version} once though the answer is lost, and keeps its events`, async () => {
      const collection = samples();
      const { store, outbox } = database.collection(collection);
      if (version > 1) await outbox.markPublished(await store.commit(transition(collection, sample('a'))));
      else await database.ping();
      const commit = transition(collection, sample('a', { version }), 2);

      answers = 'are lost';
      await expect(store.commit(commit)).rejects.toThrow(RetryableError);
      answers = 'pass';

      await vi.waitFor(() => database.ping(), { timeout: unreachable });
      await expect(store.commit(commit)).rejects.toThrow(VersionConflict);
      expect(await store.get('a')).toStrictEqual(commit.state);
      const next = await store.commit(transition(collection, sample('a', { version: version + 1 }), 0));
      expect(next, 'whoever commits next publishes them').toStrictEqual(commit.events);
      expect(await outbox.unpublished({ before: after(systemClock(), 1_000), limit: 1 })).toStrictEqual(commit.events);
    });
  }
});
