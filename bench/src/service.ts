import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild, type Child } from './child.js';

interface ServiceOptions {
  app: string;
  env: Record<string, string>;
  execArgv?: string[];
}

/**
 * A service as it is shipped, by its own main.js. It gets its environment as it would hand it over to itself, in a file
 * that it removes: a service that has to replace itself first loses the channel to whoever measures it.
 */
export function startService({ app, env, execArgv = [] }: ServiceOptions): Child {
  const file = join(tmpdir(), `countersign-bench-${randomUUID()}`);
  const environment = { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'warn', ...env };
  writeFileSync(file, JSON.stringify(environment), { flag: 'wx', mode: 0o600 });
  return startChild({
    module: `../../apps/${app}/dist/bundle/main.js`,
    env: { COUNTERSIGN_ENVIRONMENT: file },
    execArgv,
  });
}

/** Resolves once it takes requests: a service listens before it has seen that its store and log belong together. */
export async function untilReady(url: string): Promise<void> {
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) await delay(50);
}
