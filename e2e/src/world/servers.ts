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

/**
 * Kafka and MongoDB for the scenarios of one file: those that KAFKA_BROKERS and MONGODB_URI name, on which files run one
 * after another, or servers of this file alone, since its services share topics with no others. Undefined where there
 * can be none.
 */
export async function serversOfFile(): Promise<Servers | undefined> {
  const [brokers, mongodb] = [inject('kafkaBrokers'), inject('mongodbUri')];
  if (!brokers || !mongodb) return undefined;
  return process.env['KAFKA_BROKERS'] ? { brokers, mongodb } : ownServers();
}

async function ownServers(): Promise<Servers> {
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
