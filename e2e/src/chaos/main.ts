import { freePort, InfraUnavailable, startKafka, startMongo } from '@countersign/infra';
import { secondsOf } from '@countersign/contracts/time';
import { randomInt } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { send as sendTo, topicsOf } from '../world/external-kafka.js';
import { DistributedStack, EmbeddedStack } from '../world/stack.js';
import { World, type MakeStack } from '../world/world.js';
import type { Send } from './callers.js';
import { fight, type Campaign } from './campaign.js';
import { everywhere, leaseMs, onServers, type Servers } from './disturbances.js';
import { textOf, type Report } from './report.js';

/** Real processes, disturbed at random for as long as one likes: `npm run chaos -- --minutes 10 --seed 1 --stack kafka`. */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    stack: { type: 'string', default: 'embedded' },
    report: { type: 'string' },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isSafeInteger(seed)) fail('--minutes is a number above 0, --seed a whole number.');

const stacks: Record<string, () => Promise<Report>> = { embedded: embedded, kafka: distributed };
const run = stacks[values.stack] ?? fail(`--stack is embedded or kafka, and not ${values.stack}.`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

console.log(`Chaos on ${values.stack} for ${minutes} min. To repeat its choices: --seed ${seed}`);
const report = await run().catch((error: unknown) => {
  if (error instanceof InfraUnavailable) return fail(error.message);
  throw error;
});
const file = values.report ?? join('.chaos', `${values.stack}-${seed}.json`);
if (!values.report) mkdirSync('.chaos', { recursive: true });
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\n${textOf(report)}\n\nWhat happened when: ${file}`);
process.exit(report.violations.length > 0 ? 1 : 0);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

async function campaign(
  makeStack: MakeStack,
  disturbances: Campaign['disturbances'],
  { servers, send }: Pick<Campaign, 'servers' | 'send'> = {},
): Promise<Report> {
  const env = { LEASE_SECONDS: String(secondsOf(leaseMs)), RESEND_AFTER_SECONDS: '5' };
  const world = new World(makeStack, env, 'executor.yaml');
  const say = (line: string) => console.log(line);
  try {
    await world.open();
    return await fight({ stack: values.stack, world, servers, send, disturbances, seed, minutes, say });
  } finally {
    await world.close();
  }
}

function embedded(): Promise<Report> {
  return campaign((options) => new EmbeddedStack(options), everywhere);
}

/** One broker and one database, each of which goes away at times, and two of each service. */
async function distributed(): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-chaos-'));
  const [brokerPort, databasePort] = [await freePort(), await freePort()];
  const startBroker = () => startKafka({ dir: join(dir, 'kafka'), port: brokerPort });
  const startDatabase = () => startMongo({ dir: join(dir, 'mongo'), port: databasePort });
  let [kafka, mongo] = await Promise.all([startBroker(), startDatabase()]);
  const topics = topicsOf(`127.0.0.1:${brokerPort}`);
  const saved = join(dir, 'saved');
  /** On its disk is then what a machine would have that was restored. */
  const restartBroker = async (between: () => void) => {
    await kafka.stop();
    between();
    kafka = await startBroker();
  };
  const save = () => {
    rmSync(saved, { recursive: true, force: true });
    cpSync(join(dir, 'kafka'), saved, { recursive: true });
  };
  const servers: Servers = {
    restartBroker: () => restartBroker(save),
    async setBack() {
      if (!existsSync(saved)) return restartBroker(save).then(() => 'saved, for the next time');
      await restartBroker(() => {
        rmSync(join(dir, 'kafka'), { recursive: true });
        cpSync(saved, join(dir, 'kafka'), { recursive: true });
      });
      return 'to its last restart';
    },
    async restartDatabase() {
      await mongo.stop();
      mongo = await startDatabase();
    },
    emptyTopic: topics.empty,
    deleteTopic: topics.delete,
  };
  const where = {
    brokers: `127.0.0.1:${brokerPort}`,
    mongodb: `mongodb://127.0.0.1:${databasePort}`,
    instances: { 'agent-runner': 2, 'approval-service': 2, executor: 3 },
    executorAheadMs: 120_000,
  };
  try {
    const send: Send = (topic, key, data) => sendTo(where.brokers, topic, key, data);
    return await campaign((options) => new DistributedStack(where, options), onServers, { servers, send });
  } finally {
    await Promise.all([kafka.stop(), mongo.stop()]);
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  }
}
