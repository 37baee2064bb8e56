import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isReady, startChild, type Child } from './child.js';
import { Client } from './client.js';
import { eventually } from './eventually.js';
import { pausedRun } from './flow.js';

const main = fileURLToPath(new URL('../../apps/standalone/dist/main.js', import.meta.url));

describe('npm start', () => {
  let dir: string;
  let child: Child | undefined;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-start-'));
  });
  afterEach(async () => {
    await child?.kill();
    child = undefined;
    rmSync(dir, { recursive: true, force: true });
  });

  const start = async (): Promise<Client> => {
    const { url } = (child = await startChild({ app: 'standalone', env: { DATA_DIR: dir } }));
    await eventually('it to be ready', () => isReady(url));
    return new Client({ runs: url, approvals: url, executions: url });
  };
  const run = (env: Record<string, string>) =>
    spawnSync(process.execPath, [main], {
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
      timeout: 20_000,
    });

  it('says where the API is, what it uses, and what to try next', async () => {
    const { origins } = await start();
    const output = child!.output();
    expect(output).toContain(`Countersign is at ${origins.runs}`);
    expect(output).toMatch(/model +scripted/);
    expect(output).toMatch(new RegExp(`log +embedded, in ${dir}`));
    expect(output).toMatch(new RegExp(`store +embedded, in ${dir}`));
    expect(output).toContain(`npm run demo -- --url ${origins.runs}`);
  });

  it('goes on where it stopped', async () => {
    const { run, approval } = await pausedRun(await start());
    await child!.stop();
    const client = await start();
    expect((await client.run(run.run_id)).status).toBe('PAUSED');
    expect((await client.approval(approval.id)).status).toBe('pending');
  });

  it('refuses data that another process works on, and says what to do', async () => {
    await start();
    const second = run({ DATA_DIR: dir, PORT: '0' });
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/in use by another process.*DATA_DIR/);
    expect(second.stderr).not.toContain('    at ');
  });

  it('refuses wrong settings, all at once', () => {
    const { status, stderr } = run({
      DATA_DIR: dir,
      PORT: 'none',
      KAFKA_BROKERS: 'kafka',
      MONGODB_URI: 'db',
      LEASE_SECONDS: '-1',
    });
    expect(status).toBe(1);
    for (const name of ['PORT', 'KAFKA_BROKERS', 'MONGODB_URI', 'LEASE_SECONDS']) expect(stderr).toContain(`  ${name}`);
  });

  it('says so when its port is taken', async () => {
    const { origins } = await start();
    const { status, stderr } = run({ DATA_DIR: join(dir, 'other'), PORT: new URL(origins.runs).port });
    expect(status).toBe(1);
    expect(stderr).toContain('set PORT to another port');
  });
});
