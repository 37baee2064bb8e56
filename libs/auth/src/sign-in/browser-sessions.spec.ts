import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiKeys } from '../credentials/api-keys.js';
import { Clock, removed } from '../../test/auth.fixtures.js';
import { BrowserSessions, sessionLasts } from './browser-sessions.js';

describe('a session of a browser', () => {
  let clock: Clock;
  let given: ReturnType<typeof openTemporaryDatabase>;
  let sessions: BrowserSessions;
  beforeEach(() => {
    clock = new Clock();
    given = openTemporaryDatabase();
    const { database } = given;
    sessions = new BrowserSessions({ database, keys: new ApiKeys({ database, now: clock.now }), now: clock.now });
  });
  afterEach(() => given.close());

  it('is forgotten a day after its time was up, whether it had ended before or not', async () => {
    const start = () => sessions.start({ subject: 'ada', roles: ['viewer'], groups: [], key_id: null });
    const [left, ended] = [await start(), await start()];
    await sessions.end(ended.session.id);
    clock.pass(24 * 3600);
    const young = await start();
    expect(await removed(sessions.retention, clock)).toBe(0);
    clock.pass(sessionLasts - 1);
    expect(await removed(sessions.retention, clock)).toBe(0);
    clock.pass(2);
    expect(await removed(sessions.retention, clock)).toBe(2);
    for (const { cookie } of [left, ended, young]) expect(await sessions.verify(cookie)).toBeUndefined();
    expect(await removed(sessions.retention, clock)).toBe(0);
    clock.pass(24 * 3600);
    expect(await removed(sessions.retention, clock)).toBe(1);
  });
});
