import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { adminKey } from './credentials.js';
import { within } from './eventually.js';

export type AppName = 'standalone' | 'agent-runner' | 'approval-service' | 'executor' | 'audit';

/** A running app: a real process, as an operator would start it. */
export interface Child {
  readonly url: string;
  readonly pid: number;
  /** Everything it has printed. */
  output(): string;
  /** Resolves with the exit code or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  signal(signal: NodeJS.Signals): void;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it has drained. @returns its exit code */
  stop(): Promise<number | NodeJS.Signals>;
}

export interface ChildOptions {
  app: AppName;
  env: Record<string, string>;
  /** On the command line; a standalone starts without a sample run unless this says otherwise. */
  args?: string[];
  /** Modules to load before the app, such as one that ends the process at an exact point. */
  preload?: readonly string[];
  /** Where it is built; this checkout, unless given. */
  build?: string;
}

const defaultArgs: Partial<Record<AppName, string[]>> = { standalone: ['--no-sample'] };
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
/** Hundreds of processes start in these tests; what Node has compiled once is a fifth of a start. */
const NODE_COMPILE_CACHE = join(workspace, 'node_modules/.cache/countersign-e2e');

/** Starts an app on a free port and resolves once it listens, which does not mean that it is ready. */
export async function startChild({
  app,
  env,
  args: given,
  preload = [],
  build = workspace,
}: ChildOptions): Promise<Child> {
  const main = `${build}/apps/${app}/dist/bundle/main.js`;
  const args = [...preload.flatMap((module) => ['--import', module]), main, ...(given ?? defaultArgs[app] ?? [])];
  const { PATH = '', KAFKA_CLIENT = '' } = process.env;
  // Nothing of a test is left in the checkout.
  const target = env['DATA_DIR'] && { DEPLOY_TARGET_DIR: join(env['DATA_DIR'], 'deployments') };
  const process_ = spawn(process.execPath, args, {
    env: {
      PATH,
      KAFKA_CLIENT,
      NODE_COMPILE_CACHE,
      PORT: '0',
      LOG_LEVEL: 'warn',
      ADMIN_KEY: adminKey,
      ...target,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithMe = () => process_.kill('SIGKILL');
  process.once('exit', killWithMe);
  let output = '';
  const ended = once(process_, 'exit').then(([code, signal]) => {
    process.off('exit', killWithMe);
    if (code) console.error(`${app} ended with ${code}:\n${output.slice(-3_000)}`);
    return (code ?? signal) as number | NodeJS.Signals;
  });
  const listening = new Promise<string>((resolve) => {
    const read = (text: string) => {
      output += text;
      const url = / is at (http:\S+)/.exec(output)?.[1];
      if (url) resolve(url);
    };
    process_.stdout.setEncoding('utf8').on('data', read);
    process_.stderr.setEncoding('utf8').on('data', read);
  });
  const failed = ended.then(async (how) => {
    await delay(50);
    throw new Error(`${app} ended with ${how} before it listened:\n${output}`);
  });
  const url = await within(30_000, `${app} to listen`, Promise.race([listening, failed]));
  failed.catch(() => {});
  const end = (signal: NodeJS.Signals) => {
    process_.kill(signal);
    return within(60_000, `${app} to end after ${signal}`, ended);
  };
  return {
    url,
    pid: process_.pid!,
    output: () => output,
    ended,
    signal: (signal) => process_.kill(signal),
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}

/** Whether the app says it is ready. */
export async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`).catch(() => undefined);
  return response?.status === 200;
}

/** Runs the command line in this environment, as an operator does where a service is. @returns what it prints */
export async function runCommand(args: readonly string[], env: Record<string, string>): Promise<string> {
  const { PATH = '' } = process.env;
  const main = `${workspace}/apps/cli/dist/bundle/main.js`;
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], {
    env: { PATH, NODE_COMPILE_CACHE, ...env },
  });
  return stdout;
}
