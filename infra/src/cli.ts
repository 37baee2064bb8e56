import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerAnswers, runsInDocker, startInDocker, stopInDocker } from './docker.js';
import { stateDir } from './java-libraries.js';
import { startKafka } from './kafka.js';
import { startMongo } from './mongo.js';
import { kafkaAnswers, mongoAnswers } from './probe.js';
import { findServer, type Server } from './server.js';

/** `npm run infra [-- stop | status]`: Kafka and MongoDB for development, in Docker or else on the JVM. */
interface Local {
  name: string;
  dir: string;
  port: number;
  start: (at: { dir: string; port: number; detached: true }) => Promise<Server>;
  answers: (port: number) => Promise<boolean>;
  env: string;
}

const kafka: Local = {
  name: 'Kafka',
  dir: join(stateDir, 'kafka'),
  port: 9092,
  start: startKafka,
  answers: kafkaAnswers,
  env: 'KAFKA_BROKERS=127.0.0.1:9092',
};
const mongo: Local = {
  name: 'MongoDB',
  dir: join(stateDir, 'mongo'),
  port: 27017,
  start: startMongo,
  answers: mongoAnswers,
  env: 'MONGODB_URI=mongodb://127.0.0.1:27017/countersign',
};
const both = [kafka, mongo];

async function start(): Promise<void> {
  using _lock = oneAtATime();
  if (!(await runsOnJvm()) && (await dockerAnswers())) {
    await startInDocker();
    console.log('Kafka and MongoDB are ready, in Docker.');
  } else {
    const started = await Promise.allSettled(both.map(ensure));
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
    console.log(`Kafka and MongoDB are ready, on the JVM. Their data and logs are in ${stateDir}.`);
  }
  console.log(`
  export ${kafka.env}
  export ${mongo.env}

npm run infra -- status   whether they answer
npm run infra -- stop     ends them and keeps their data`);
}

async function stop(): Promise<void> {
  using _lock = oneAtATime();
  const servers = await onJvm();
  await Promise.all(servers.map((server) => server.stop()));
  const inDocker = await runsInDocker();
  if (inDocker) await stopInDocker();
  console.log(servers.length > 0 || inDocker ? 'Kafka and MongoDB are stopped.' : 'There was nothing to stop.');
}

async function status(): Promise<void> {
  for (const { name, dir, port, answers } of both) {
    const server = await findServer(dir);
    const answering = await answers(port);
    if (!answering) process.exitCode = 1;
    const where = server ? `, process ${server.pid}` : '';
    console.log(`${name.padEnd(8)} 127.0.0.1:${port} ${answering ? 'answers' : 'does not answer'}${where}`);
  }
}

/** Waits for another start or stop to end. The operating system drops the lock of a process that dies. */
function oneAtATime(): Disposable {
  mkdirSync(stateDir, { recursive: true });
  const file = new DatabaseSync(join(stateDir, 'lock.sqlite'), { timeout: 300_000 });
  file.exec('BEGIN EXCLUSIVE');
  return file;
}

/** Starts the server unless it runs; one that was left starting is waited for. */
async function ensure({ dir, port, start: launch, answers }: Local): Promise<void> {
  if (!(await findServer(dir))) await launch({ dir, port, detached: true });
  while (!(await answers(port))) {
    if (!(await findServer(dir))) throw new Error(`${dir} ended while it was starting; see server.log there.`);
    await sleep(100);
  }
}

const onJvm = async (): Promise<Server[]> => {
  const found = await Promise.all(both.map(({ dir }) => findServer(dir)));
  return found.filter((server) => server !== undefined);
};
const runsOnJvm = async (): Promise<boolean> => (await onJvm()).length > 0;

const commands: Record<string, () => Promise<void>> = { start, stop, status };
const name = process.argv[2] ?? 'start';
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command) {
  await command().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
} else {
  console.error('npm run infra -- [start | stop | status]');
  process.exitCode = 2;
}
