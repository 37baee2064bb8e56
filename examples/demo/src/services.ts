import { CountersignClient } from '@countersign/client';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

type App = 'standalone' | 'agent-runner' | 'approval-service' | 'executor';
const apps = fileURLToPath(new URL('../../../apps', import.meta.url));
const patience = 60_000;

/** Processes of Countersign, each on a free port; all of them end together. */
export class Services {
  readonly #env: Readonly<Record<string, string>>;
  readonly #ends: (() => Promise<void>)[] = [];

  /** @param env of every process. */
  constructor(env: Record<string, string>) {
    this.#env = env;
  }

  /** Starts one. @returns its address, once it listens, which does not mean that it is ready. */
  async start(app: App, env: Record<string, string> = {}): Promise<string> {
    const args = [`${apps}/${app}/dist/bundle/main.js`, ...(app === 'standalone' ? ['--no-sample'] : [])];
    const inherited = { PATH: process.env['PATH'] ?? '', PORT: '0', LOG_LEVEL: 'warn' };
    const child = spawn(process.execPath, args, {
      env: { ...inherited, ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    this.#ends.push(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    let output = '';
    const listening = new Promise<string>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          const url = / is at (http:\S+)/.exec(output)?.[1];
          if (url) resolve(url);
        });
    });
    const failed = ended.then(async () => {
      await delay(50);
      throw new Error(`${app} ended before it listened:\n${output}`);
    });
    failed.catch(() => {});
    return Promise.race([listening, failed]);
  }

  /** Says that a store holds which has nothing yet, beside a log that others have used. */
  async recover(env: Record<string, string>): Promise<void> {
    const cli = `${apps}/cli/dist/bundle/main.js`;
    const inherited = { PATH: process.env['PATH'] ?? '', ...this.#env, ...env, EXECUTION_HOLD: 'a demo' };
    for (const how of [['--store-holds', 'a demo'], ['--finish']])
      await promisify(execFile)(process.execPath, [cli, 'recover', ...how], { env: inherited });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
  }
}

/** Waits until a service says that it is ready. */
export async function ready(url: string): Promise<void> {
  const client = new CountersignClient({ url });
  for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(100))
    if ((await client.fetch('GET', '/health/ready').catch(() => undefined))?.ok) return;
  throw new Error(`${url} is not ready.`);
}
