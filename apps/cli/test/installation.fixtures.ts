import type { Approval } from '@countersign/contracts/approvals';
import { isFinishedStatus, type RunOutput } from '@countersign/contracts/runs';
import { agentRunner, agentRunnerSettings } from '@countersign/agent-runner';
import { approvalService, approvalServiceSettings } from '@countersign/approval-service';
import { executorService, executorSettings } from '@countersign/executor';
import { processSettings, readConfig, serve, serviceSettings } from '@countersign/service';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { cli, type CliOptions, type Ended } from './cli.fixtures.js';

const adminKey = 'a-key-for-tests-that-nobody-else-uses-ever';

const Config = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...approvalServiceSettings,
  ...executorSettings,
  ...processSettings('countersign', 0),
});

/** Nobody knows what came of the first attempt at a version that begins with 0. */
const deploy = `
const [attempt, ...call] = process.argv.slice(1);
if (attempt === '1' && call[1].startsWith('0')) process.exit(75);
console.log('Deployed', ...call);
`;

/** The scripted model plays agents with this tool. */
const definitions = `
agents:
  - { id: ops, name: Operations, instructions: You deploy., tools: [deploy_to_production] }
  - { id: gardener, name: Gardener, instructions: You garden., tools: [] }
tools:
  - name: deploy_to_production
    description: Deploys.
    parameters: { type: object, properties: { service_name: { type: string }, version: { type: string } } }
    approval: required
    requires: external_execution
    execute:
      command:
        program: node
        args:
          - -e
          - ${JSON.stringify(deploy)}
          - '{{execution.attempt}}'
          - '{{arguments.service_name}}'
          - '{{arguments.version}}'
        unknown_on_exit_codes: [75]
policies:
  default: { require: { allow: [approve, reject, edit, result, grant], four_eyes: false } }
`;

/** All of Countersign in this process, with the scripted model, and a command line that is signed in. */
interface Installation {
  url: string;
  /** As an administrator, unless the options name another key. */
  cli(args: string[], options?: CliOptions): Promise<Ended>;
  /** What a command says as JSON. */
  json<T>(...args: string[]): Promise<T>;
  /** The approval that a run of its own waits for. */
  waiting(version: string): Promise<Approval>;
  /** The run once it is over. */
  endOf(runId: string): Promise<RunOutput>;
  /** Stops it, and starts it again with these settings besides. @param work gets the environment of its services */
  whileStopped(work: (env: Record<string, string>) => Promise<void>, more?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

export interface Page<T> {
  data: T[];
}

/** One that is open while the specs of a file run, and a folder of theirs. */
export function useInstallation(): Omit<Installation, 'close'> & { readonly dir: string } {
  let opened: Installation;
  let dir: string;
  beforeAll(async () => {
    opened = await openInstallation();
    dir = mkdtempSync(join(tmpdir(), 'countersign-cli-spec-'));
  });
  afterAll(async () => {
    await opened.close();
    rmSync(dir, { recursive: true });
  });
  return {
    get url() {
      return opened.url;
    },
    get dir() {
      return dir;
    },
    cli: (...given) => opened.cli(...given),
    json: (...given) => opened.json(...given),
    waiting: (version) => opened.waiting(version),
    endOf: (runId) => opened.endOf(runId),
    whileStopped: (...given) => opened.whileStopped(...given),
  };
}

async function openInstallation(): Promise<Installation> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  // oxlint-disable-next-line node/no-process-env -- programs that calls run are found where this process finds them
  const { PATH = '' } = process.env;
  const file = join(dir, 'countersign.yaml');
  writeFileSync(file, definitions);
  const env = {
    COUNTERSIGN_CONFIG: file,
    DATA_DIR: dir,
    LOG_LEVEL: 'silent',
    ADMIN_KEY: adminKey,
    RATE_LIMIT_PER_MINUTE: '0',
    PATH,
  };
  const start = (more: Record<string, string> = {}) => {
    const config = readConfig(Config, { ...env, ...more });
    return serve(config, [agentRunner(config), approvalService(config), executorService(config)]);
  };
  let serving = await start();
  const ask: Installation['cli'] = (args, options = {}) =>
    cli(args, { ...options, env: { COUNTERSIGN_URL: serving.url, COUNTERSIGN_KEY: adminKey, ...options.env } });
  const json: Installation['json'] = async <T>(...args: string[]) => {
    const { out, err } = await ask([...args, '--json']);
    if (out === '') throw new Error(err);
    return JSON.parse(out) as T;
  };
  return {
    get url() {
      return serving.url;
    },
    cli: ask,
    json,
    async waiting(version) {
      const { out } = await ask([
        'run',
        '--agent',
        'ops',
        `Deploy the search service version ${version} to production.`,
      ]);
      return eventually('an approval', async () => {
        const { data } = await json<Page<Approval>>('approvals', 'list', '--run', out.trim());
        return data[0];
      });
    },
    endOf: (runId) =>
      eventually('the end of the run', async () => {
        const run = await json<RunOutput>('runs', 'show', runId);
        return isFinishedStatus(run.status) ? run : undefined;
      }),
    async whileStopped(work, more) {
      await serving.stop();
      await work(env);
      serving = await start(more);
    },
    async close() {
      await serving.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** Looks again and again until there is something to see. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await delay(20)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(`waited for ${what}`);
}
