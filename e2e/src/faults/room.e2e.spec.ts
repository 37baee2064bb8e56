import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isReady, startChild, type Child } from '../world/child.js';
import { Client } from '../world/client.js';
import { eventually } from '../world/eventually.js';
import { pausedRun } from '../world/flow.js';

const main = fileURLToPath(new URL('../../../apps/standalone/dist/bundle/main.js', import.meta.url));
const succeeds = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

let dir: string;
let child: Child | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-room-'));
});
afterEach(async () => {
  await child?.kill();
  child = undefined;
  rmSync(dir, { recursive: true, force: true });
});

async function start(data = dir): Promise<Client> {
  const { url } = (child = await startChild({ app: 'standalone', env: { DATA_DIR: data } }));
  await eventually('it to be ready', () => isReady(url));
  return new Client({ runs: url, approvals: url, executions: url });
}
async function readiness(): Promise<{ status: number; checks: Record<string, string> }> {
  const response = await fetch(`${child!.url}/health/ready`);
  const { checks } = (await response.json()) as { checks: Record<string, string> };
  return { status: response.status, checks };
}
const over = ['COMPLETED', 'ERROR'] as const;

describe.skipIf(!succeeds('prlimit', '--version'))('a process without file descriptors', () => {
  const limit = (files: number) =>
    expect(succeeds('prlimit', '--pid', `${child!.pid}`, `--nofile=${files}:${4_096}`)).toBe(true);

  it('says so, lives, tells of a call that it cannot make, and goes on when there are some', async () => {
    const client = await start();
    const { run, approval } = await pausedRun(client);
    limit(readdirSync(`/proc/${child!.pid}/fd`).length + 2);
    const { status, checks } = await readiness();
    expect([status, checks['descriptors']]).toEqual([503, expect.stringContaining('file descriptors are in use')]);
    await client.resolve(approval.id, 'approved', 'ada');
    const failed = await client.waitForRun(run.run_id, over);
    const { data } = await client.executions.list();
    expect([failed.status, data[0]!.error]).toEqual(['COMPLETED', expect.stringContaining('EMFILE')]);
    limit(4_096);
    expect((await readiness()).status).toBe(200);
    const next = await pausedRun(client);
    await client.resolve(next.approval.id, 'approved', 'ada');
    expect((await client.waitForRun(next.run.run_id, over)).status).toBe('COMPLETED');
  });
});

/** Only root may mount, and not in every container: then the disk is full in the specs of `libs/sqlite` alone. */
const mayMount = (() => {
  const probe = mkdtempSync(join(tmpdir(), 'countersign-mount-'));
  const may = succeeds('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe) && succeeds('umount', probe);
  rmSync(probe, { recursive: true });
  return may;
})();

describe.skipIf(!mayMount)('a disk that is full', () => {
  beforeEach(() => expect(succeeds('mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir)).toBe(true));
  afterEach(async () => {
    await child?.kill();
    expect(succeeds('umount', '--lazy', dir)).toBe(true);
  });
  const fill = () => {
    const { bavail, bsize } = statfsSync(dir);
    writeFileSync(join(dir, 'filler'), Buffer.alloc(bavail * bsize));
  };

  it('is not ready and said to be full, takes nothing that it cannot keep, and is well once there is room', async () => {
    const client = await start();
    const { run, approval } = await pausedRun(client);
    fill();
    const { status, checks } = await eventually('it to be found', async () => {
      const found = await readiness();
      return found.status === 503 && found;
    });
    expect([status, checks['store']]).toEqual([503, expect.stringContaining('The disk is full')]);
    rmSync(join(dir, 'filler'));
    await eventually('it to be ready again', () => isReady(child!.url));
    await client.resolve(approval.id, 'approved', 'ada');
    expect((await client.waitForRun(run.run_id, over)).status).toBe('COMPLETED');
  });

  it('is said in one line by whoever starts on it', () => {
    fill();
    const { status, stderr } = spawnSync(process.execPath, [main, '--no-sample'], {
      env: { PATH: process.env['PATH'], DATA_DIR: dir, PORT: '0' },
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect([status, stderr.trim().split('\n')]).toEqual([1, [expect.stringContaining('The disk is full')]]);
  });

  it('lasts on a small volume: what is written again and again takes its room once', async () => {
    const client = await start();
    for (let n = 0; n < 3; n += 1) {
      for (let m = 0; m < 20; m += 1) await client.runs.list();
      const { run, approval } = await pausedRun(client);
      await client.resolve(approval.id, 'approved', 'ada');
      expect((await client.waitForRun(run.run_id, over)).status).toBe('COMPLETED');
    }
    const { blocks, bfree } = statfsSync(dir);
    expect(bfree / blocks, 'of 24 MB').toBeGreaterThan(0.7);
  });
});
