import type { Event } from '@countersign/contracts';
import type { Collection, Commit, Database, Outbox, Store, StoredRecord } from '@countersign/persistence';
import { startModelServer, type ModelRequest } from '@countersign/testing/model-server';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startInProcess } from './in-process.js';
import { configFor } from './services.js';

type AnyRecord = StoredRecord & { run_id: string };

/** What one cycle stores, tells and asks. */
export interface Recording {
  /** By name, with the commits in order. */
  collections: Map<string, { collection: Collection<AnyRecord>; commits: Commit<AnyRecord>[] }>;
  modelRequests: ModelRequest[];
}

/** Plays one cycle on the embedded stack and keeps what the services write and ask the model. */
export async function recordCycle(): Promise<Recording> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-recording-'));
  const model = await startModelServer();
  const collections: Recording['collections'] = new Map();
  const config = configFor({ DATA_DIR: dir, OPENAI_BASE_URL: model.url });
  const system = await startInProcess(config, (context) => ({
    ...context,
    database: keeping(context.database, collections),
  }));
  await system.cycle();
  await delay(200); // the approval follows the end of its run
  await system.stop();
  await model.stop();
  rmSync(dir, { recursive: true });
  return { collections, modelRequests: model.requests.map(({ body }) => body) };
}

function keeping(database: Database, collections: Recording['collections']): Database {
  return {
    time: () => database.time(),
    ping: () => database.ping(),
    missingIndexes: () => database.missingIndexes(),
    close: () => database.close(),
    appendLog: (definition) => database.appendLog(definition),
    collection<R extends StoredRecord>(collection: Collection<R>): { store: Store<R>; outbox: Outbox } {
      const { store, outbox } = database.collection(collection);
      const commits: Commit<R>[] = [];
      collections.set(collection.name, { collection, commits } as never);
      const commit = async (change: Commit<R>): Promise<Event[]> => {
        commits.push(change);
        return store.commit(change);
      };
      return {
        store: {
          get: (id) => store.get(id),
          find: (query) => store.find(query),
          count: (filter) => store.count(filter),
          commit,
          remove: (filter, limit) => store.remove(filter, limit),
        },
        outbox,
      };
    },
  };
}
