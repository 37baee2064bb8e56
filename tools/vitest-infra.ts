import { InfraUnavailable, startKafka, startMongo, type ProvidedInfra, type Server } from '../infra/src/index.js';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

interface Run extends ProvidedInfra {
  end(): Promise<void>;
}

/** Vitest sets up each project apart; all projects of one run share one pair of servers. */
const shared = globalThis as typeof globalThis & { countersignInfra?: Promise<Run> };

/** Gives specs Kafka and MongoDB: those of KAFKA_BROKERS and MONGODB_URI, or servers of this run alone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = await (shared.countersignInfra ??= start().catch(unavailable));
  project.provide('kafkaBrokers', run.kafkaBrokers);
  project.provide('mongodbUri', run.mongodbUri);
  return run.end;
}

async function start(): Promise<Run> {
  // What the scenarios start is what was compiled last.
  execFileSync(process.execPath, [fileURLToPath(new URL('bundle.mjs', import.meta.url))], { stdio: 'inherit' });
  const { KAFKA_BROKERS: brokers, MONGODB_URI: uri } = process.env;
  if (brokers) {
    console.error(
      `\nThe tests use Kafka at ${brokers}: they send poison to its topics and reset the services' consumer groups there.\n`,
    );
  }
  if (brokers && uri) return { kafkaBrokers: brokers, mongodbUri: uri, end: async () => undefined };

  const dir = await mkdtemp(join(tmpdir(), 'countersign-test-'));
  const started: Server[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()));
    await rm(dir, { recursive: true, force: true });
  };
  const remember = <S extends Server>(server: S): S => (started.push(server), server);
  try {
    const [kafka, mongo] = await Promise.all([
      brokers ? undefined : startKafka({ dir: join(dir, 'kafka') }).then(remember),
      uri ? undefined : startMongo({ dir: join(dir, 'mongo'), memory: true }).then(remember),
    ]);
    return { kafkaBrokers: brokers || kafka?.brokers, mongodbUri: uri || mongo?.uri, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Without Java the rest of the suite is still worth running, but it is not the whole. */
function unavailable(error: unknown): Run {
  if (!(error instanceof InfraUnavailable) || process.env['CI']) throw error;
  const line = '!'.repeat(100);
  console.error(`\n${line}\n  NOT TESTED on Kafka and MongoDB.\n  ${error.message}\n${line}\n`);
  return { kafkaBrokers: undefined, mongodbUri: undefined, end: async () => undefined };
}
