import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { adminKey, openStandalone, type Standalone } from '../test/standalone.fixtures.js';

const day = 24 * 3_600_000;
const soon = { timeout: 20_000, interval: 20 };

describe('a data directory', () => {
  let dir: string;
  let standalone: Standalone | undefined;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    dir = mkdtempSync(join(tmpdir(), 'countersign-retention-'));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await standalone?.stop();
    rmSync(dir, { recursive: true });
  });

  const start = async (env: Record<string, string> = {}) => void (standalone = await openStandalone(dir, env));
  const stop = async () => {
    await standalone!.stop();
    standalone = undefined;
  };
  /** Answers of the API, as they are. */
  async function ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await standalone!.ask(method, path, { key: adminKey, ...(body && { body }) });
    expect(response.ok).toBe(true);
    return (await response.json()) as T;
  }
  interface Listed {
    id: string;
    status: string;
    run_status: string | null;
  }
  const list = async (path: string) => (await ask<{ data: Listed[] }>('GET', path)).data;
  const statusOf = async (run: string) =>
    (await ask<{ status: string }>('GET', `/runs/${run}?wait_for=COMPLETED&timeout=20`)).status;
  /** A run that waits for its approval. */
  async function pausedRun(): Promise<{ run: string; approval: string }> {
    const asked = { input: 'Deploy search version 3.0.0 to production.', user_id: 'a colleague' };
    const { run_id: run } = await ask<{ run_id: string }>('POST', '/agents/ops/runs', asked);
    const pending = () => list(`/approvals?run_id=${run}&status=pending`);
    await vi.waitUntil(async () => (await pending()).length === 1, soon);
    return { run, approval: (await pending())[0]!.id };
  }
  async function approve({ run, approval }: { run: string; approval: string }): Promise<void> {
    await ask('POST', `/approvals/${approval}/resolve`, { status: 'approved' });
    expect(await statusOf(run)).toBe('COMPLETED');
    const isKnown = async () => (await list(`/approvals?run_id=${run}`))[0]!.run_status === 'COMPLETED';
    await vi.waitUntil(isKnown, soon);
  }
  /** What is in the file while nobody has it open. */
  function count(table: string, where = 'true'): number {
    const file = new DatabaseSync(join(dir, 'countersign.sqlite'));
    const { n } = file.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).get() as { n: number };
    file.close();
    return n;
  }
  async function removed(what: string, unless = 0): Promise<number> {
    const metrics = await (await standalone!.ask('GET', '/metrics', { key: adminKey })).text();
    return Number(new RegExp(`countersign_removed_total\\{what="${what}"\\} (\\d+)`).exec(metrics)?.[1] ?? unless);
  }

  it('that is old loses what has served its purpose when it is started again, and everything goes on', async () => {
    await start();
    const [done, waiting] = [await pausedRun(), await pausedRun()];
    await approve(done);
    await ask('POST', '/auth/sign-in', { key: adminKey });
    await stop();
    const messages = count('log');
    expect([messages > 10, count('browser_sessions')]).toEqual([true, 1]);

    const later = Date.now() + 91 * day;
    vi.setSystemTime(later);
    await start();
    await vi.waitUntil(async () => (await removed('log_messages')) === messages, soon);
    await vi.waitUntil(async () => (await removed('browser_sessions')) === 1, soon);
    expect((await list('/approvals')).map(({ id, status }) => [id, status])).toEqual(
      expect.arrayContaining([
        [done.approval, 'approved'],
        [waiting.approval, 'pending'],
      ]),
    );
    expect((await list('/executions')).map(({ id }) => id)).toEqual([done.approval]);
    await approve(waiting);
    await approve(await pausedRun());
    await stop();
    expect(count('log', `timestamp < ${later}`)).toBe(0);
    expect(count('log')).toBeGreaterThan(10);

    await start();
    expect((await list('/executions')).map(({ status }) => status)).toEqual(Array(3).fill('succeeded'));
    expect(await statusOf(done.run)).toBe('COMPLETED');
    await approve(await pausedRun());
  }, 120_000);

  it('loses what is over by its age, once it is written out, and an old message makes no call once more', async () => {
    const archive = join(dir, 'archive');
    const env = { RECORD_DAYS: '30', ARCHIVE_DIR: archive };
    await start(env);
    const [done, waiting] = [await pausedRun(), await pausedRun()];
    await approve(done);
    await stop();
    // The first to start says what is old, and whoever comes a minute later removes it.
    vi.setSystemTime(Date.now() + 40 * day);
    await start(env);
    await vi.waitUntil(async () => !Number.isNaN(await removed('executions', Number.NaN)), soon);
    await stop();
    vi.setSystemTime(Date.now() + 61_000);
    await start(env);
    for (const what of ['runs', 'approvals', 'executions'])
      await vi.waitUntil(async () => (await removed(what)) === 1, soon);
    const written = readdirSync(archive).map((name) => readFileSync(join(archive, name), 'utf8'));
    expect(written).toHaveLength(3);
    for (const id of [done.run, done.approval]) expect(written.join('')).toContain(id);
    expect(written.join('')).not.toContain(waiting.run);
    expect(await list('/executions')).toEqual([]);
    await stop();

    // All of the log is read once more, as a group does whose offsets are lost.
    const file = new DatabaseSync(join(dir, 'countersign.sqlite'));
    file.exec('DELETE FROM positions');
    file.close();
    await start(env);
    const told = await vi.waitUntil(async () => (await list('/executions'))[0], soon);
    expect(told).toMatchObject({ id: done.approval, status: 'outcome_unknown', attempts: [] });
    const [again] = await vi.waitUntil(async () => {
      const found = await list(`/approvals?run_id=${done.run}`);
      return found.length > 0 && found;
    }, soon);
    expect(again).toMatchObject({ status: 'pending', possibly_executed: { code: 'set_back' } });
    await approve(waiting);
  }, 120_000);

  it('is not begun on where a decision could be acted on for longer than its record is kept', async () => {
    const file = join(dir, 'countersign.yaml');
    const tool =
      '{ name: tell, description: Tells., parameters: { type: object }, approval: required, act_within: 30d }';
    writeFileSync(file, `tools:\n  - ${tool}\n`);
    const env = { COUNTERSIGN_CONFIG: file, RECORD_DAYS: '30' };
    await expect(start(env)).rejects.toThrow(/:2:\d+ tools\.0\.act_within: .* RECORD_DAYS/);
  });
});
