import { toEpochSeconds } from '@countersign/contracts/time';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiKeys, NewApiKey } from './api-key.js';
import { ApiKeys } from './api-keys.js';
import { Clock } from '../../test/auth.fixtures.js';
import { administrator } from './reserved.js';

const adminKey = 'a key that somebody chose, long enough';

describe('keys', () => {
  let clock: Clock;
  let given: ReturnType<typeof openTemporaryDatabase>;
  let keys: ApiKeys;
  const open = (key?: string) => new ApiKeys({ database: given.database, adminKey: key, now: clock.now });
  beforeEach(() => {
    clock = new Clock();
    given = openTemporaryDatabase();
    keys = open();
  });
  afterEach(() => given.close());

  const create = (more: { expires_in?: number } = {}) =>
    keys.create({ name: 'ci', subject: 'ada', roles: ['approver'], groups: ['ops'], ...more });

  it('speak for whom they were made, with the scopes of the roles', async () => {
    const { key, record } = await create();
    expect(key).toMatch(new RegExp(`^cs_${record.id}_[\\w-]{43}$`));
    const principal = await keys.verify(key);
    expect(principal).toMatchObject({
      subject: 'ada',
      roles: ['approver'],
      groups: ['ops'],
      credential: { via: 'key' },
    });
    expect(principal!.scopes.has('approvals:write')).toBe(true);
    expect(await keys.identify(key)).toMatchObject({ key_id: record.id });
  });

  it('of ADMIN_KEY are known to services without that setting, until another takes its place', async () => {
    const [one, other] = ['1', '2'].map((n) => `cs_${n.repeat(16)}_${n.repeat(43)}`);
    await open(one).shareAdmin();
    await open(one).shareAdmin();
    expect(await keys.verify(one!)).toMatchObject({ subject: administrator, roles: ['admin'] });
    const { key_id } = (await open(one).identify(one!))!;
    expect(await keys.isValid(key_id)).toBe(true);
    await open(other).shareAdmin();
    expect(await open().verify(one!)).toBeUndefined();
    expect(await open().verify(other!)).toMatchObject({ roles: ['admin'] });
    await open(adminKey).shareAdmin();
    expect(await open().verify(adminKey)).toBeUndefined();
  });

  it('are stored without their secret, and listed without even its hash, newest first', async () => {
    const { key, record } = await create();
    clock.pass(1);
    const { record: newer } = await create();
    expect(await keys.list()).toEqual([newer, record]);
    expect(record).not.toHaveProperty('secret_hash');
    const stored = await given.database.collection(apiKeys).store.get(record.id);
    expect(stored).toMatchObject({ secret_hash: expect.stringMatching(/^[0-9a-f]{64}$/), version: 1 });
    expect(JSON.stringify(stored)).not.toContain(key.slice(-43));
  });

  it('work with their own secret only', async () => {
    const [one, other] = [await create(), await create()];
    const mixed = `cs_${one.record.id}_${other.key.slice(-43)}`;
    const wrong = [mixed, '', 'cs_', `cs_${one.record.id}_`, `${one.key}x`, one.key.slice(0, -1), ` ${one.key}`];
    for (const text of wrong) expect(await keys.verify(text), text).toBeUndefined();
    expect(await keys.verify(`cs_${'0'.repeat(16)}_${one.key.slice(-43)}`)).toBeUndefined();
    expect(await keys.verify(one.key)).toBeDefined();
  });

  it('end to the second when they expire, remembered or not', async () => {
    const { key } = await create({ expires_in: 60 });
    clock.pass(59);
    expect(await keys.verify(key)).toBeDefined();
    clock.pass(1);
    expect(await keys.verify(key)).toBeUndefined();
    expect(await open().verify(key)).toBeUndefined();
  });

  it('end at once where they are revoked, and elsewhere within a second', async () => {
    const { key, record } = await create();
    const elsewhere = open();
    expect(await elsewhere.verify(key)).toBeDefined();
    clock.pass(0.5);
    expect(await keys.revoke(record.id)).toMatchObject({ revoked_at: toEpochSeconds(clock.now()), version: 2 });
    expect(await keys.verify(key)).toBeUndefined();
    clock.pass(0.499);
    expect(await elsewhere.verify(key)).toBeDefined();
    clock.pass(0.001);
    expect(await elsewhere.verify(key)).toBeUndefined();
  });

  it('are revoked once: a second time changes nothing, and one that there is not is not found', async () => {
    const { record } = await create();
    const revoked = await keys.revoke(record.id);
    clock.pass(9);
    expect(await keys.revoke(record.id)).toEqual(revoked);
    expect(await keys.revoke('0000000000000000')).toBeUndefined();
  });

  it('that are used over and over are not read again for a while', async () => {
    const { key } = await create();
    expect(await keys.verify(key)).toBeDefined();
    given.close();
    clock.pass(0.9);
    expect(await keys.verify(key)).toBeDefined();
    clock.pass(0.1);
    await expect(keys.verify(key)).rejects.toThrow();
    given = openTemporaryDatabase();
  });

  it('from the environment make an administrator, and change their id with their text', async () => {
    keys = open(adminKey);
    expect(await keys.verify(adminKey)).toMatchObject({
      subject: 'admin',
      roles: ['admin'],
      credential: { via: 'key' },
    });
    for (const wrong of [adminKey.slice(1), `${adminKey}.`, '']) expect(await keys.verify(wrong)).toBeUndefined();
    const { key_id } = (await keys.identify(adminKey))!;
    expect(await keys.isValid(key_id)).toBe(true);
    expect(await open(`another ${adminKey}`).isValid(key_id)).toBe(false);
    expect(await open().isValid(key_id)).toBe(false);
    expect(await open().verify(adminKey)).toBeUndefined();
  });

  it('of two spellings are of one person, and each shows the one that it was given', async () => {
    const [one, other] = [
      await keys.create({ name: 'n', subject: 'Ada@Example.com ', roles: ['requester'], groups: ['Ops'] }),
      await keys.create({ name: 'n', subject: 'ada@example.com', roles: ['approver'] }),
    ];
    expect(await keys.verify(one.key)).toMatchObject({
      subject: 'ada@example.com',
      display_name: 'Ada@Example.com ',
      groups: ['ops'],
    });
    expect(await keys.verify(other.key)).toMatchObject({ subject: 'ada@example.com', display_name: 'ada@example.com' });
  });

  it('that were stored in another spelling are of the same person, and of nobody when it names nobody', async () => {
    const { store } = given.database.collection(apiKeys);
    const respell = async (id: string, subject: string) => {
      const record = (await store.get(id))!;
      const state = { ...record, subject, display_name: null, version: record.version + 1 };
      await store.commit({ expected: record.version, state, events: [] });
    };
    const [older, broken] = [await create(), await create()];
    await respell(older.record.id, 'ADA ');
    await respell(broken.record.id, 'ada\u200B');
    expect(await keys.verify(older.key)).toMatchObject({ subject: 'ada', display_name: 'ADA ' });
    expect(await keys.verify(broken.key)).toBeUndefined();
  });
});

describe('a key that somebody makes', () => {
  const problems = (fields: object) =>
    NewApiKey.safeParse({ name: 'n', subject: 'ada', roles: ['viewer'], ...fields }).error?.issues.map(
      ({ path, message }) => `${path.join('.')} ${message}`,
    ) ?? [];

  it.each(['admin', 'Admin ', 'ＡＤＭＩＮ'])("is not this installation's own administrator's: %s", (subject) => {
    expect(problems({ subject })).toEqual([expect.stringMatching(/^subject is the name of this installation's own/)]);
  });

  it('is of somebody, in groups that have names', () => {
    expect(problems({ subject: 'ada\u200B' })).toEqual(['subject a name must not contain U+200B, which is invisible']);
    expect(problems({ groups: ['ops', '\u00A0'] })).toEqual(['groups.1 a name must not be empty']);
    expect(problems({})).toEqual([]);
  });
});
