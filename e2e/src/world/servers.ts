import { startKafka, startMongo } from '@countersign/infra';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, inject } from 'vitest';

/** Where a stack finds Kafka and MongoDB. */
export interface Servers {
  brokers: string;
  mongodb: string;
}

/** Those of the whole run, which were started for it or are somebody's own; undefined where there are none. */
export function sharedServers(): Servers | undefined {
  const [brokers, mongodb] = [inject('kafkaBrokers'), inject('mongodbUri')];
  return brokers && mongodb ? { brokers, mongodb } : undefined;
}

/** Somebody has said which servers to use: all that shares topics has to run there, one after another. */
export const areGiven = Boolean(process.env['KAFKA_BROKERS'] && process.env['MONGODB_URI']);

/** Servers of this file alone, until its end. */
export async function ownServers(): Promise<Servers> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-servers-'));
  const started = await Promise.all([
    startKafka({ dir: join(dir, 'kafka') }),
    startMongo({ dir: join(dir, 'mongo'), memory: true }),
  ]);
  afterAll(async () => {
    await Promise.all(started.map((server) => server.stop()));
    rmSync(dir, { recursive: true, force: true });
  });
  const [{ brokers }, { uri }] = started;
  return { brokers, mongodb: uri };
}
