import { CountersignClient, type GateOptions } from '@countersign/client';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@countersign/infra';
import { startService, untilReady } from '../service.js';
import { access } from '../credentials.js';
import type { Child } from '../child.js';

const probe = new URL('../runs/probe.js', import.meta.url).href;

/** Countersign with agents that run elsewhere, each with a caller of its own, which makes its calls itself. */
function definitions(callers: number): string {
  const agents = Array.from({ length: callers }, (_, n) => ({
    id: `bot-${n}`,
    name: `Bot ${n}`,
    external: true,
    callers: [`bot-${n}@services`],
    tools: ['refund'],
  }));
  const parameters = { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] };
  const refund = { name: 'refund', description: 'Pays.', parameters, execute: { caller: { lease: '60s' } } };
  // JSON is YAML.
  return JSON.stringify({ agents, tools: [refund] });
}

export interface Callers {
  people: CountersignClient;
  /** For each caller, what its functions are gated with. */
  bots: Omit<GateOptions, 'reason'>[];
  /** The services, each a process. */
  services: { app: string; child: Child }[];
  /** Where the runner is. */
  url: string;
  stop(): Promise<void>;
}

/** All callers have one address here. */
const unlimited = {
  RATE_LIMIT_PER_MINUTE: '0',
  HTTP_CONNECTIONS: '20000',
  HTTP_CONNECTIONS_PER_ADDRESS: '20000',
};

/** Starts these services, each in a process of its own, and makes a key for each caller. */
export async function startCallers(
  env: Record<string, string>,
  apps: readonly string[],
  count: number,
): Promise<Callers> {
  const file = join(mkdtempSync(join(tmpdir(), 'countersign-bench-')), 'countersign.yaml');
  writeFileSync(file, definitions(count));
  const started = await Promise.all(
    apps.map(async (app) => {
      const port = await freePort();
      const settings = { ...unlimited, ...env, COUNTERSIGN_CONFIG: file, PORT: String(port) };
      const execArgv = ['--import', probe, '--expose-gc'];
      return { app, url: `http://127.0.0.1:${port}`, child: startService({ app, env: settings, execArgv }) };
    }),
  );
  await Promise.all(started.map(({ url }) => untilReady(url)));
  const [runs, approvals = runs, executions = runs] = started.map(({ url }) => url) as [string];
  const url = { runs, approvals, executions };
  const people = new CountersignClient({ url, key: access.ADMIN_KEY });
  const bots: Callers['bots'] = [];
  for (let n = 0; n < count; n += 1) {
    const { key } = await people.auth.createKey({ name: 'bot', subject: `bot-${n}@services`, roles: ['requester'] });
    bots.push({ client: new CountersignClient({ url, key }), agent: `bot-${n}`, tool: 'refund' });
  }
  const stop = async () => void (await Promise.all(started.map(({ child }) => child.stop())));
  return { people, bots, services: started, url: runs, stop };
}
