import { freePort, startKafka, startMongo } from '@countersign/infra';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeChaos, frozen, killed, killedAt, replayed, stopped } from './executor-chaos.js';
import { DistributedStack } from '../world/stack.js';

/** Servers of its own, since they are restarted as well. */
describe.skipIf(!inject('kafkaBrokers'))('On servers that go away', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-chaos-'));
  const [brokerPort, databasePort] = [await freePort(), await freePort()];
  const startBroker = () => startKafka({ dir: join(dir, 'kafka'), port: brokerPort });
  const startDatabase = () => startMongo({ dir: join(dir, 'mongo'), port: databasePort });
  let [kafka, mongo] = [undefined, undefined] as [
    Awaited<ReturnType<typeof startBroker>> | undefined,
    Awaited<ReturnType<typeof startDatabase>> | undefined,
  ];
  beforeAll(async () => {
    [kafka, mongo] = await Promise.all([startBroker(), startDatabase()]);
  });
  afterAll(async () => {
    await Promise.all([kafka?.stop(), mongo?.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });

  const brokerRestarted = async () => {
    await kafka!.stop();
    kafka = await startBroker();
  };
  const databaseRestarted = async () => {
    await mongo!.stop();
    mongo = await startDatabase();
  };
  const servers = {
    brokers: `127.0.0.1:${brokerPort}`,
    mongodb: `mongodb://127.0.0.1:${databasePort}`,
    instances: { executor: 3 },
  };
  describeChaos('Kafka and MongoDB with three executors', (options) => new DistributedStack(servers, options), [
    killed,
    frozen,
    databaseRestarted,
    killedAt('committed tool.execution_started'),
    replayed,
    brokerRestarted,
    frozen,
    killedAt('committing tool.execution_completed'),
    stopped,
  ]);
});
