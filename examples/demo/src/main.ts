import { CountersignClient } from '@countersign/client';
import { startKafka, startMongo } from '@countersign/infra';
import { newServiceKeys } from '@countersign/testing/service-keys';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ready, Services } from './services.js';
import { tell } from './story.js';

const usage = `npm run demo                  on the embedded log and store, in a process of its own
npm run demo -- --kafka       three processes, on Kafka and MongoDB (KAFKA_BROKERS and MONGODB_URI, or started here)
npm run demo -- --url URL     on a system that runs already, such as the one of npm start; --key KEY for another`;

/** Has a folder for what is kept on disk, and processes, for as long as the work takes. */
async function among(work: (services: Services, dir: string, key: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
  const key = `demo-${randomUUID()}`;
  const services = new Services({
    ADMIN_KEY: key,
    DATA_DIR: join(dir, 'data'),
    DEPLOY_TARGET_DIR: join(dir, 'deployments'),
  });
  try {
    await work(services, dir, key);
  } finally {
    await services.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const onEmbedded = () =>
  among(async (services, _dir, key) => {
    console.log('Starting Countersign in one process, on the embedded log and store …');
    const url = await services.start('standalone');
    await ready(url);
    await tell(new CountersignClient({ url, key }));
  });

const onKafka = () =>
  among(async (services, dir, key) => {
    const { KAFKA_BROKERS, MONGODB_URI } = process.env;
    console.log('Starting Kafka and MongoDB, unless they are named by the environment …');
    const kafka = KAFKA_BROKERS ? undefined : await startKafka({ dir: join(dir, 'kafka') });
    const mongo = MONGODB_URI ? undefined : await startMongo({ dir: join(dir, 'mongo'), memory: true });
    try {
      const servers = {
        KAFKA_BROKERS: KAFKA_BROKERS ?? kafka!.brokers,
        MONGODB_URI: databaseAt(MONGODB_URI ?? mongo!.uri, `countersign_demo_${randomUUID().slice(0, 8)}`),
        ...(await newServiceKeys()),
      };
      // What others have left in the log is none of this one, whose store is new.
      if (KAFKA_BROKERS) await services.recover(servers);
      console.log(`Starting agent-runner, approval-service and executor on Kafka at ${servers.KAFKA_BROKERS} …`);
      const runs = await services.start('agent-runner', servers);
      const executions = await services.start('executor', servers);
      const others = { AGENT_RUNNER_URL: runs, EXECUTOR_URL: executions };
      const approvals = await services.start('approval-service', { ...servers, ...others });
      await Promise.all([runs, approvals, executions].map(ready));
      await tell(new CountersignClient({ url: { runs, approvals, executions }, key }));
      await services.stop();
    } finally {
      await Promise.all([kafka?.stop(), mongo?.stop()]);
    }
  });

/** @param key with the role admin; default: the one of `npm start`. */
const onUrl = (url: string, key = readFileSync('.countersign/admin.key', 'utf8').trim()): Promise<void> =>
  tell(new CountersignClient({ url, key }));

/** The URI with another database as its path. */
const databaseAt = (uri: string, name: string): string => uri.replace(/^([^/]+\/\/[^/?]+)(\/[^?]*)?/, `$1/${name}`);

const { values } = parseArgs({
  options: {
    kafka: { type: 'boolean' },
    url: { type: 'string' },
    key: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
} else {
  await (values.url ? onUrl(values.url, values.key) : values.kafka ? onKafka() : onEmbedded());
  console.log('\nAll of it was seen.');
}
