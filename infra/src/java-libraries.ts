import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { prepared } from './prepared.js';

const run = promisify(execFile);
const infra = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';

/** Where `npm run infra` keeps what it fetches and what its servers remember. */
export const stateDir = fileURLToPath(new URL('../../.infra', import.meta.url));

/** Kafka and MongoDB cannot be started here; the message says what to install or to set. */
export class InfraUnavailable extends Error {
  override name = 'InfraUnavailable';
}

let classPath: Promise<string> | undefined;

/** The class path of the servers. The first call on a machine fetches it (about 50 MB) with Maven. */
export const javaClassPath = (): Promise<string> => (classPath ??= fetched());

async function fetched(): Promise<string> {
  const pom = join(infra, 'pom.xml');
  const java = join(infra, 'java');
  const sources = (await readdir(java)).toSorted().map((file) => join(java, file));
  const hash = createHash('sha256');
  for (const file of [pom, ...sources]) hash.update(await readFile(file));

  const library = join(stateDir, `lib-${hash.digest('hex').slice(0, 12)}`);
  await requireCommands(['java']);
  await prepared(library, (work) => fetch(work, pom, sources));
  return [library, join(library, '*')].join(delimiter);
}

async function fetch(work: string, pom: string, sources: readonly string[]): Promise<void> {
  await requireCommands(['javac', 'mvn']);
  process.stderr.write('Fetching Kafka and a MongoDB server for the JVM with Maven, once (about 50 MB).\n');
  try {
    const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    await run('mvn', ['-q', '-B', '-f', pom, copy, `-DoutputDirectory=${work}`], { shell: windows });
    await run('javac', ['-cp', join(work, '*'), '-d', work, ...sources]);
  } catch (error) {
    throw new InfraUnavailable(`Kafka and MongoDB could not be fetched: ${outputOf(error)}`, { cause: error });
  }
}

async function requireCommands(commands: string[]): Promise<void> {
  const answers = await Promise.all(
    commands.map((command) => run(command, ['-version'], { shell: windows }).catch(() => null)),
  );
  const missing = commands.filter((_, i) => answers[i] === null);
  if (missing.length === 0) return;
  throw new InfraUnavailable(
    `Kafka and MongoDB are run on the JVM, and ${missing.join(' and ')} cannot be run here. Install a JDK (17 or newer) ` +
      'and Maven, or set KAFKA_BROKERS and MONGODB_URI to servers of your own, such as those that `npm run infra` ' +
      'starts where there is a Docker engine.',
  );
}

/** Maven and javac explain themselves on standard output and standard error. */
function outputOf(error: unknown): string {
  const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string };
  return `${stdout}${stderr}`.trim() || message;
}
