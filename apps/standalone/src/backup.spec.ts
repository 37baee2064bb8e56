import { services } from '@countersign/contracts';
import type { Backup } from '@countersign/contracts/backups';
import { systemClock } from '@countersign/contracts/time';
import { SqliteDatabase } from '@countersign/persistence';
import { endRecovery, installationsIn } from '@countersign/persistence/installation';
import { SqliteFile } from '@countersign/sqlite';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { executedCall, pausedRun, type Records } from '../test/authorisation.fixtures.js';
import { adminKey, openStandalone, type Standalone } from '../test/standalone.fixtures.js';

const patience = { timeout: 20_000 };

/** The procedure of docs/operations.md for embedded data. */
describe('a restore from a copy that was made while it was worked on', () => {
  const root = mkdtempSync(join(tmpdir(), 'countersign-backup-'));
  const [data, restored] = [join(root, 'data'), join(root, 'restored')];
  const deployments = (dir: string) => join(dir, 'deployments', 'starts.jsonl');
  let backup: Backup;
  let before: string;
  let waiting: Omit<Records, 'execution_id'>;
  let held: Omit<Records, 'execution_id'>;
  let standalone: Standalone;

  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await standalone.ask(method, path, { key: adminKey, ...(body && { body }) });
    expect(answer.ok, `${method} ${path}: ${await answer.clone().text()}`).toBe(true);
    return (await answer.json()) as T;
  };
  const approve = (id: string) => ask('POST', `/approvals/${id}/resolve`, { status: 'approved' });
  const statusOf = async (id: string) => (await ask<{ status: string }>('GET', `/executions/${id}`)).status;
  const completed = ({ run_id }: { run_id: string }) => ask('GET', `/runs/${run_id}?wait_for=COMPLETED`);

  beforeAll(async () => {
    standalone = await openStandalone(data);
    before = await executedCall(standalone, adminKey);
    waiting = await pausedRun(standalone, adminKey);
    held = await pausedRun(standalone, adminKey);
    await ask('POST', '/executions/pause', { tool_name: null, reason: 'a backup' });
    await approve(held.approval_id);
    await vi.waitFor(async () => expect(await statusOf(held.approval_id)).toBe('queued'), patience);
    // Others go on meanwhile, and two who ask get one copy.
    const [one, other] = await Promise.all([
      ask<Backup>('POST', '/backups'),
      ask<Backup>('POST', '/backups'),
      ...Array.from({ length: 4 }, () => pausedRun(standalone, adminKey)),
    ]);
    expect(other).toEqual(one);
    backup = one;
    // What a copy from before that knows nothing of: both calls are made.
    await ask('POST', '/executions/resume', { tool_name: null });
    await approve(waiting.approval_id);
    await Promise.all([completed(waiting), completed(held)]);
    await standalone.stop();
    cpSync(backup.directory, restored, { recursive: true });
  }, 60_000);
  afterAll(async () => {
    await standalone.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('is for its owner alone, and has the keys', () => {
    expect(statSync(backup.directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(backup.directory, 'countersign.sqlite')).mode & 0o777).toBe(0o600);
    expect(existsSync(`${backup.directory}.partial`)).toBe(false);
    expect(backup.bytes).toBeGreaterThan(100_000);
  });

  it('does nothing by itself, since calls were made that it does not know of', async () => {
    standalone = await openStandalone(restored);
    const ready = await standalone.ask('GET', '/health/ready', {});
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('hold_missing');
    await standalone.stop();
    expect(existsSync(deployments(restored))).toBe(false);
  });

  it('has its records, and leaves to people what may have been done since', async () => {
    standalone = await openStandalone(restored, { EXECUTION_HOLD: 'a restore' });
    await vi.waitFor(async () => expect((await standalone.ask('GET', '/health/ready')).status).toBe(200), patience);
    expect(await statusOf(before)).toBe('succeeded');
    await vi.waitFor(
      async () => expect(await ask('GET', `/approvals/${waiting.approval_id}`)).toMatchObject({ status: 'pending' }),
      patience,
    );
    expect(await statusOf(held.approval_id)).toBe('queued');
    await standalone.stop();
    expect(existsSync(deployments(restored))).toBe(false);
  });

  it('goes on once that is over: what was approved before waits for a person, and what is approved now is done', async () => {
    const file = new SqliteFile(restored);
    const store = installationsIn(new SqliteDatabase(file));
    for (const service of services) await endRecovery(store, service, systemClock());
    file.close();
    standalone = await openStandalone(restored);
    await ask('POST', '/executions/resume', { tool_name: null });
    await vi.waitFor(async () => expect(await statusOf(held.approval_id)).toBe('outcome_unknown'), patience);
    await approve(waiting.approval_id);
    await completed(waiting);
    const done = readFileSync(deployments(restored), 'utf8').trim().split('\n');
    expect(done).toHaveLength(1);
  });
});
