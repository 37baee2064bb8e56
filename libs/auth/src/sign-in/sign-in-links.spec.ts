import { toEpochSeconds } from '@countersign/contracts/time';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Clock, removed } from '../../test/auth.fixtures.js';
import { SignInLinks } from './sign-in-links.js';

describe('a link to sign in', () => {
  let clock: Clock;
  let given: ReturnType<typeof openTemporaryDatabase>;
  const open = () => new SignInLinks({ database: given.database, now: clock.now });
  beforeEach(() => {
    clock = new Clock();
    given = openTemporaryDatabase();
  });
  afterEach(() => given.close());

  it('gives what it was made for, once', async () => {
    const links = open();
    const { code, path } = await links.create('ada', ['approver'], { groups: ['ops'], key_id: 'k' });
    expect(path).toBe(`/auth/sign-in?code=${code}`);
    expect(await links.redeem(code)).toEqual({ subject: 'ada', roles: ['approver'], groups: ['ops'], key_id: 'k' });
    expect(await links.redeem(code)).toBeUndefined();
  });

  it('is won by one when several use it at once, in one process or in two', async () => {
    const { code } = await open().create('ada', ['viewer']);
    const [here, there] = [open(), open()];
    const outcomes = await Promise.all([here, there, here, there].map((links) => links.redeem(code)));
    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
  });

  it('is valid for ten minutes', async () => {
    const links = open();
    const [used, late] = [await links.create('ada', []), await links.create('ada', [])];
    expect(late.expires_at).toBe(toEpochSeconds(clock.now()) + 600);
    clock.pass(599);
    expect(await links.redeem(used.code)).toBeDefined();
    clock.pass(1);
    expect(await links.redeem(late.code)).toBeUndefined();
  });

  it('is forgotten a day after its time was up, used or not', async () => {
    const links = open();
    const { code } = await links.create('ada', []);
    await links.redeem(code);
    await links.create('ada', []);
    clock.pass(600);
    await links.create('bob', []);
    expect(await removed(links.retention, clock)).toBe(0);
    clock.pass(24 * 3600 + 1);
    expect(await removed(links.retention, clock)).toBe(2);
    expect(await links.redeem(code)).toBeUndefined();
    expect(given.file.sql('SELECT count(*) AS codes FROM sign_in_codes').get()).toEqual({ codes: 1 });
  });

  it('cannot be made up', async () => {
    for (const code of ['', 'x', 'x'.repeat(43)]) expect(await open().redeem(code)).toBeUndefined();
  });
});
