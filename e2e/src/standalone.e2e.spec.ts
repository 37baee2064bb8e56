import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isReady, startChild, type Child } from './world/child.js';
import { Client } from './world/client.js';
import { eventually } from './world/eventually.js';
import { pausedRun } from './world/flow.js';

const main = fileURLToPath(new URL('../../apps/standalone/dist/bundle/main.js', import.meta.url));

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

  const start = async (...args: string[]): Promise<Client> => {
    const { url } = (child = await startChild({ app: 'standalone', env: { DATA_DIR: dir }, args }));
    await eventually('it to be ready', () => isReady(url));
    return new Client({ runs: url, approvals: url, executions: url });
  };
  const run = (env: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [main, ...args], {
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

  it('begins with one run that waits for an approval, which whoever signs in may give', async () => {
    const client = await start();
    expect(child!.output()).toContain('A run waits for your approval.');
    const [approval] = await eventually('the sample to wait', async () => {
      const { data } = await client.approvals.list({ status: 'pending' });
      return data.length === 1 && data;
    });
    const { run_id, user_id } = approval!;
    expect(user_id).toBe('a colleague');
    const body = { status: 'approved' };
    const headers = { ...client.admin, 'content-type': 'application/json' };
    const url = `${client.origins.approvals}/approvals/${approval!.id}/resolve`;
    expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status).toBe(200);
    expect((await client.waitForRun(run_id, ['COMPLETED', 'ERROR'])).status).toBe('COMPLETED');
  });

  it('has the sample once, and not at all when it is not wanted', async () => {
    await start();
    await child!.stop();
    const again = await start();
    expect((await again.runs.list()).data).toHaveLength(1);
    await child!.stop();
    rmSync(dir, { recursive: true });
    expect((await (await start('--no-sample')).runs.list()).data).toEqual([]);
    expect(child!.output()).not.toContain('A run waits');
  });

  it('refuses what it does not know on the command line', () => {
    const { status, stderr } = run({ DATA_DIR: dir }, '--no-samples');
    expect(status).toBe(1);
    expect(stderr).toMatch(/--no-samples[^]*npm start -- --no-sample /);
  });

  it('reads its file again on SIGHUP: whole and from then on, or not at all and with its lines', async () => {
    const file = join(dir, 'file.yaml');
    const put = (text: string) => writeFileSync(file, text);
    const agents = (...ids: string[]) =>
      `agents:\n${ids.map((id) => `  - { id: ${id}, name: ${id}, instructions: Help., tools: [] }\n`).join('')}`;
    put(agents('one'));
    const { url } = (child = await startChild({
      app: 'standalone',
      env: { DATA_DIR: join(dir, 'data'), COUNTERSIGN_CONFIG: file },
    }));
    await eventually('it to be ready', () => isReady(url));
    const client = new Client({ runs: url, approvals: url, executions: url });
    put(agents('one', 'two'));
    child.signal('SIGHUP');
    await eventually('the new agent', () => client.startRun('Hello.', { agent: 'two' }).catch(() => false));
    put(`${agents('three')}tools: [{ nam: x }]\n`);
    child.signal('SIGHUP');
    await eventually('the refusal', async () => /file\.yaml:3:\d+ tools/.test(child!.output()));
    await expect(client.startRun('Hello.', { agent: 'three' })).rejects.toMatchObject({ status: 404 });
    const token =
      '{ name: x, url: "https://x.example/mcp", headers: { a: "{{env.TOKEN}}" }, tools: { "*": { approval: required } } }';
    for (const more of ['tool_modules: [./a.ts]', `mcp_servers: [${token}]`]) {
      put(`${agents('three')}${more}\n`);
      await expect(client.config.reload()).rejects.toMatchObject({ status: 422, code: 'config_needs_restart' });
    }
    expect(await client.config.versions()).toMatchObject([
      { number: 2, trigger: 'signal' },
      { number: 1, trigger: 'start' },
    ]);
    expect(await isReady(url)).toBe(true);
  });

  it('goes on where it stopped', async () => {
    const { run, approval } = await pausedRun(await start());
    await child!.stop();
    const client = await start();
    expect((await client.runs.get(run.run_id)).status).toBe('PAUSED');
    expect((await client.approvals.get(approval.id)).status).toBe('pending');
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

  it('ends with the npm that started it, whose signals reach only the shell between them', async () => {
    const shell = spawn('sh', ['-c', `"${process.execPath}" "${main}" --no-sample; true`], {
      env: { PATH: process.env['PATH'], DATA_DIR: dir, PORT: '0', npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const url = await eventually('it to listen', async () => / is at (http:\S+)/.exec(output)?.[1]);
    await eventually('it to be ready', () => isReady(url));
    shell.kill('SIGKILL');
    await eventually('it to end', () =>
      fetch(`${url}/health/live`).then(
        () => false,
        () => true,
      ),
    );
  });
});
