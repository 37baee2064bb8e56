import type {} from '@countersign/infra';
import { startModelServer } from '@countersign/testing/model-server';
import { newServiceKeys } from '@countersign/testing/service-keys';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, it, onTestFinished } from 'vitest';
import { access } from '../credentials.js';
import { startInProcess } from './in-process.js';
import { configFor } from './services.js';
import { traceWire } from './wire.js';

const [brokers, uri] = [inject('kafkaBrokers'), inject('mongodbUri')];
const cycles = 20;
/** The approval follows the end of its run, outboxes are cleared and offsets committed. */
const aftermathMs = 250;

/** What a cycle asks of the servers, by the kinds that cost something; a few of each come from what runs beside it, more in a slow cycle. */
const most = { Produce: 7, Fetch: 14, OffsetCommit: 5, insert: 4.2, update: 11, find: 10, findAndModify: 0.2 };

it.skipIf(!brokers || !uri)('a cycle asks no more of Kafka and MongoDB than it has to', async () => {
  const model = await startModelServer();
  const trace = traceWire({ kafka: Number(brokers!.split(':').at(-1)), mongodb: Number(new URL(uri!).port) });
  const system = await startInProcess(
    configFor({
      ...access,
      ...(await newServiceKeys()),
      LOG_LEVEL: 'error',
      KAFKA_BROKERS: brokers!,
      MONGODB_URI: `${uri}_${randomUUID().slice(0, 8)}`,
      OPENAI_BASE_URL: model.url,
    }),
  );
  onTestFinished(async () => {
    trace.stop();
    await system.stop();
    await model.stop();
  });
  // The first ones wait until every consumer has its partitions.
  for (let n = 0; n < cycles; n++) await system.cycle();
  await delay(aftermathMs);
  trace.clear();
  for (let n = 0; n < cycles; n++) {
    await system.cycle();
    await delay(aftermathMs);
  }
  const kinds = Map.groupBy(trace.counts, ([name]) => name.split(' ')[0]!);
  for (const [kind, limit] of Object.entries(most)) {
    const counted = (kinds.get(kind) ?? []).reduce((sum, [, count]) => sum + count, 0);
    expect(counted / cycles, `${kind} a cycle, of ${JSON.stringify([...trace.counts])}`).toBeLessThanOrEqual(limit);
  }
});
