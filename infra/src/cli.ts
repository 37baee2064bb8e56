import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerAnswers, runsInDocker, startInDocker, stopInDocker } from './docker.js';
import { stateDir } from './java-libraries.js';
import { startKafka } from './kafka.js';
import { startMongo } from './mongo.js';
import { portIn, presets } from './ports.js';
import { kafkaAnswers, mongoAnswers } from './probe.js';
import { findServer, type Server } from './server.js';

/**
 * `npm run infra [-- stop | status]`: Kafka and MongoDB for development, in Docker or else on the JVM. `KAFKA_PORT` and
 * `MONGODB_PORT` say where they listen.
 */
interface Local {
  name: string;
  dir: string;
  setting: keyof typeof presets;
  start: (at: { dir: string; port: number; detached: true }) => Promise<Server>;
  answers: (port: number) => Promise<boolean>;
  /** The settings of the services for it. */
  env: (port: number) => string;
}

const kafka: Local = {
  name: 'Kafka',
  dir: join(stateDir, 'kafka'),
  setting: 'KAFKA_PORT',
  start: startKafka,
  answers: kafkaAnswers,
  env: (port) => `KAFKA_BROKERS=127.0.0.1:${port}`,
};
const mongo: Local = {
  name: 'MongoDB',
  dir: join(stateDir, 'mongo'),
  setting: 'MONGODB_PORT',
  start: startMongo,
  answers: mongoAnswers,
  env: (port) => `MONGODB_URI=mongodb://127.0.0.1:${port}/countersign`,
};
const both = [kafka, mongo];

// oxlint-disable-next-line node/no-process-env -- this is the program's own configuration
const portSet = ({ setting }: Local): number | undefined => portIn(process.env, setting);
const portFor = (local: Local): number => portSet(local) ?? presets[local.setting];

async function start(): Promise<void> {
  using _lock = oneAtATime();
  let ports = both.map(portFor);
  if (!(await runsOnJvm()) && (await dockerAnswers())) {
    await startInDocker();
    console.log('Kafka and MongoDB are ready, in Docker.');
  } else {
    const started = await Promise.allSettled(both.map(ensure));
    ports = started.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    console.log(`Kafka and MongoDB are ready, on the JVM. Their data and logs are in ${stateDir}.`);
  }
  console.log(`
${both.map(({ env }, i) => `  export ${env(ports[i]!)}`).join('\n')}

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
  for (const local of both) {
    const { name, dir, answers } = local;
    const server = await findServer(dir);
    const port = server?.port ?? portFor(local);
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

/** Starts the server unless it runs; one that was left starting is waited for. @returns the port it listens on */
async function ensure(local: Local): Promise<number> {
  const { name, dir, setting, start: launch, answers } = local;
  const running = await findServer(dir);
  const { port } = running ?? (await launch({ dir, port: portFor(local), detached: true }));
  if (port !== (portSet(local) ?? port))
    throw new Error(
      `${name} runs already, on port ${port}. To move it: npm run infra -- stop, then start it with ${setting}.`,
    );
  while (!(await answers(port))) {
    if (!(await findServer(dir))) throw new Error(`${dir} ended while it was starting; see server.log there.`);
    await sleep(100);
  }
  return port;
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
