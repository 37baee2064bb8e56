import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isFree } from './free-port.js';
import { javaClassPath } from './java-libraries.js';

/** A server on this machine. Its directory is its identity: started again there, it has its data again. */
export interface Server {
  readonly pid: number;
  /** Of 127.0.0.1. */
  readonly port: number;
  /** Ends it as an operator would, and resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it as a crash would (`kill -9`), and resolves when it is gone. */
  kill(): Promise<void>;
}

interface JavaServer {
  dir: string;
  port: number;
  /** The main class and its arguments. */
  command: string[];
  /** Options of the JVM, besides. */
  jvm?: string[];
  /** Whether it may outlive this process. */
  detached: boolean;
  /** Whether the JVM optimizes what it compiles, which costs more in the first minutes and pays later. */
  optimizing: boolean;
  /** Whether it serves clients yet. */
  answers: (port: number) => Promise<boolean>;
}

const startDeadline = 90_000;
const stopDeadline = 20_000;

/** Runs a Java program to its end. */
export async function java(command: string[]): Promise<void> {
  await promisify(execFile)('java', [...options, ...quick, '-cp', await javaClassPath(), ...command]);
}

/** Starts a server and resolves when it serves clients. */
export async function startJavaServer({
  port,
  command,
  jvm = [],
  detached,
  optimizing,
  answers,
  ...rest
}: JavaServer): Promise<Server> {
  const dir = resolve(rest.dir);
  const classPath = await javaClassPath();
  await mkdir(dir, { recursive: true });
  if (!(await isFree(port))) throw new Error(`Port ${port} of 127.0.0.1 is in use by another process.`);

  const logFile = join(dir, 'server.log');
  const log = openSync(logFile, 'w');
  const main = detached ? command : ['Owned', String(process.pid), ...command];
  const child = spawn(
    'java',
    [...options, ...(optimizing ? [] : quick), ...jvm, markOf(dir), '-cp', classPath, ...main],
    {
      detached,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  child.once('error', () => undefined); // then it has no pid
  if (child.pid === undefined) throw new Error('java cannot be run');
  writeFileSync(pidFile(dir), `${child.pid} ${port}`);
  if (detached) child.unref();

  const server = serverAt(dir, child.pid, port);
  const deadline = Date.now() + startDeadline;
  while (!(await answers(port))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || Date.now() > deadline) {
      await server.kill();
      const logLines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => !/^\s*(at |\.\.\.|$)/.test(line));
      throw new Error(
        `${command[0]} ${ended ? 'ended' : 'did not answer'} while it was starting:\n${logLines.slice(-10).join('\n')}`,
      );
    }
    await sleep(50);
  }
  return server;
}

/** The server that runs on this directory, whoever started it. */
export async function findServer(dir: string): Promise<Server | undefined> {
  const at = resolve(dir);
  const [pid = 0, port = 0] = (await readFile(pidFile(at), 'utf8').catch(() => '')).split(' ').map(Number);
  return pid > 0 && (await commandOf(pid))?.includes(markOf(at)) ? serverAt(at, pid, port) : undefined;
}

const options = ['-Xmx512m', '-XX:+UseSerialGC'];
/** Measured over the start and 400 cycles of the benchmark: 17 s of CPU instead of 25 for Kafka, 6 instead of 10 for MongoDB. */
const quick = ['-XX:TieredStopAtLevel=1'];
const pidFile = (dir: string): string => join(dir, 'server.pid');
const markOf = (dir: string): string => `-Dcountersign.dir=${dir}`;

/** Signals no other process, even if one has got the id of a server that is gone. */
function serverAt(dir: string, pid: number, port: number): Server {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const deadline = Date.now() + stopDeadline;
    for (let next: NodeJS.Signals | undefined = signal; ; await sleep(20)) {
      const command = await commandOf(pid);
      const isOurs = command?.includes(markOf(dir)) ?? false;
      if (!isOurs && command !== '') return;
      if (Date.now() > deadline) next = 'SIGKILL';
      if (isOurs && next) signalTo(pid, next);
      next = undefined;
    }
  };
  return { pid, port, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // it ended this moment
  }
}

/** The command line of a process; empty while it is ending and may still hold its port, undefined once it is gone. */
async function commandOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== 'linux') {
      return (await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout;
    }
    const [command, status, threads] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readdir(`/proc/${pid}/task`),
    ]);
    const isZombie = status.includes(') Z ') && threads.length === 1;
    return isZombie ? undefined : command;
  } catch {
    return undefined;
  }
}
