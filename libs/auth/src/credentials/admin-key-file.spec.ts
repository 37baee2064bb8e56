import { RetryableError } from '@countersign/contracts/problems';
import { openTemporaryDatabase } from '@countersign/testing';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureAdminKey } from './admin-key-file.js';
import { ApiKeys } from './api-keys.js';
import { Clock, listeningLog } from '../../test/auth.fixtures.js';

describe.skipIf(process.platform === 'win32')("the administrator's key in a file", () => {
  let directory: string;
  let file: string;
  let given: ReturnType<typeof openTemporaryDatabase>;
  let keys: ApiKeys;
  let listening: ReturnType<typeof listeningLog>;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'countersign-admin-')), 'data');
    file = join(directory, 'admin.key');
    given = openTemporaryDatabase();
    keys = new ApiKeys({ database: given.database, now: new Clock().now });
    listening = listeningLog();
  });
  afterEach(() => (given.close(), rmSync(directory, { recursive: true, force: true })));
  const ensure = () => ensureAdminKey(directory, keys, listening.log);
  const mode = () => statSync(file).mode & 0o777;

  it('is made the first time, for its owner only, and is the same every time after', async () => {
    const key = await ensure();
    expect(await keys.verify(key)).toMatchObject({ subject: 'admin', roles: ['admin'] });
    expect(readFileSync(file, 'utf8').trim()).toBe(key);
    expect(mode()).toBe(0o600);
    expect(await ensure()).toBe(key);
    expect(await keys.list()).toHaveLength(1);
    expect(listening.lines).toEqual([]);
  });

  it('is made once the store can be reached', async () => {
    const create = vi.spyOn(keys, 'create').mockRejectedValueOnce(new RetryableError('nobody listens'));
    const key = await ensure();
    expect(create).toHaveBeenCalledTimes(2);
    expect(await keys.verify(key)).toBeDefined();
    expect(listening.lines).toHaveLength(1);
  });

  it('is closed to others who could read it, with a warning', async () => {
    const key = await ensure();
    chmodSync(file, 0o644);
    expect(await ensure()).toBe(key);
    expect(mode()).toBe(0o600);
    expect(listening.lines).toEqual([expect.stringContaining('file permissions were too open')]);
    expect(listening.lines.join()).not.toContain(key);
  });

  it.each(['', 'nonsense', 'cs_0123456789abcdef_'.padEnd(63, 'x')])('is made anew when "%s" is in it', async (text) => {
    await ensure();
    writeFileSync(file, text);
    const key = await ensure();
    expect(await keys.verify(key)).toBeDefined();
    expect(readFileSync(file, 'utf8').trim()).toBe(key);
    expect(listening.lines).toEqual([expect.stringContaining('is no longer valid')]);
  });

  it('is made anew after it was revoked, or lost its role', async () => {
    const first = await ensure();
    await keys.revoke((await keys.identify(first))!.key_id);
    const second = await ensure();
    expect(second).not.toBe(first);
    writeFileSync(file, (await keys.create({ name: 'n', subject: 's', roles: ['viewer'] })).key);
    expect(await keys.verify(await ensure())).toMatchObject({ roles: ['admin'] });
  });

  it('is made by one of two that start at once; the other says so, and leaves no key behind', async () => {
    const outcomes = await Promise.allSettled([ensure(), ensure()]);
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failed) expect(String(reason)).toContain('Another process has just made');
    const working = (await keys.list()).filter(({ revoked_at }) => revoked_at === null);
    expect(working).toHaveLength(1);
    expect(await ensure()).toBe(readFileSync(file, 'utf8').trim());
  });
});
