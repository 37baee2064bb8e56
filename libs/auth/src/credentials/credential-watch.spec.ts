import { toEpochSeconds, after } from '@countersign/contracts/time';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { apiKeys } from './api-key.js';
import { ApiKeys } from './api-keys.js';
import { Clock, listeningLog } from '../../test/auth.fixtures.js';
import { BrowserSessions, principalOfSession } from '../sign-in/browser-sessions.js';
import { CredentialWatch } from './credential-watch.js';
import { Credentials } from './credentials.js';
import { issuer } from '../../test/identity-provider.fixtures.js';
import { principalOf, type Credential } from '../principal.js';

describe('what goes on by a credential', () => {
  let clock: Clock;
  let given: ReturnType<typeof openTemporaryDatabase>;
  let here: ReturnType<typeof instance>;
  let elsewhere: ReturnType<typeof instance>;
  beforeEach(() => {
    clock = new Clock();
    given = openTemporaryDatabase();
    [here, elsewhere] = [instance(), instance()];
  });
  afterEach(() => given.close());

  /** One process, with what it remembers. */
  function instance() {
    const { database } = given;
    const keys = new ApiKeys({ database, now: clock.now });
    const sessions = new BrowserSessions({ database, keys, now: clock.now });
    const credentials = new Credentials({ keys, sessions, issuer, now: clock.now });
    const looks = vi.spyOn(credentials, 'current');
    const watch = new CredentialWatch({ credentials, log: listeningLog().log, now: clock.now, everyMs: 5 });
    return { keys, sessions, watch, looks };
  }
  const aKey = async (more: { expires_in?: number } = {}) => {
    const { key, record } = await here.keys.create({ name: 'n', subject: 'ada', roles: ['viewer'], ...more });
    return { key, id: record.id, who: (await here.keys.verify(key))! };
  };
  const looked = async (times = 2) => {
    const before = here.looks.mock.results.length;
    await vi.waitUntil(() => here.looks.mock.results.length >= before + times);
    await here.looks.mock.results.at(-2)?.value;
  };
  const goesOn = async (ended: AbortSignal) => {
    await looked();
    expect(ended.aborted).toBe(false);
  };
  const ends = (ended: AbortSignal) => vi.waitUntil(() => ended.aborted);

  it('ends when the key is revoked on another instance, which from then on is refused here, too', async () => {
    const { key, id, who } = await aKey();
    const { ended } = here.watch.watch(who);
    await goesOn(ended);
    await elsewhere.keys.revoke(id);
    await ends(ended);
    expect(await here.keys.verify(key)).toBeUndefined();
  });

  it('ends when the session is signed out of elsewhere, or the key that began it is revoked', async () => {
    const { id, who } = await aKey();
    const signedIn = async () => (await here.sessions.start({ ...who, key_id: id })).session;
    const [one, other] = [await signedIn(), await signedIn()];
    const [first, second] = [one, other].map((session) => here.watch.watch(principalOfSession(session)));
    await goesOn(first!.ended);
    await elsewhere.sessions.end(one.id);
    await ends(first!.ended);
    await goesOn(second!.ended);
    await elsewhere.keys.revoke(id);
    await ends(second!.ended);
  });

  it('ends when the key, the session or the token of a provider expires', async () => {
    const { id, who } = await aKey({ expires_in: 60 });
    const { who: lasting, id: lastingId } = await aKey();
    const { session } = await here.sessions.start({ ...lasting, key_id: lastingId });
    const exp = after(toEpochSeconds(clock.now()), 60);
    const credentials: Partial<Credential> = { id: issuer, expires_at: exp };
    const token = principalOf({ subject: 'ada', roles: ['viewer'], groups: [] }, 'jwt', credentials);
    const [byKey, byToken, bySession] = [who, token, principalOfSession(session)].map((each) => here.watch.watch(each));
    expect(id).toBeDefined();
    clock.pass(59);
    for (const each of [byKey, byToken, bySession]) await goesOn(each!.ended);
    clock.pass(1);
    await Promise.all([ends(byKey!.ended), ends(byToken!.ended)]);
    await goesOn(bySession!.ended);
    clock.pass(13 * 3_600);
    await ends(bySession!.ended);
  });

  it('ends when the key allows other things', async () => {
    const { id, who } = await aKey();
    const { ended } = here.watch.watch(who);
    const { store } = given.database.collection(apiKeys);
    const record = (await store.get(id))!;
    const state = { ...record, roles: ['requester' as const], version: record.version + 1 };
    await store.commit({ expected: record.version, state, events: [] });
    await ends(ended);
  });

  it('is looked at together, and not at all when there is nothing', async () => {
    const { who } = await aKey();
    const all = [1, 2, 3].map(() => here.watch.watch(who));
    await looked(3);
    expect(here.looks.mock.calls.at(-1)![0]).toHaveLength(3);
    for (const { release } of all) release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const looks = here.looks.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(here.looks.mock.calls.length).toBe(looks);
    here.watch.watch(who);
    await looked();
  });

  it('goes on for five seconds while nobody can tell, and no longer', async () => {
    const { who } = await aKey();
    const { ended } = here.watch.watch(who);
    await looked();
    here.looks.mockRejectedValue(new Error('out of reach'));
    const again = async () => {
      const before = here.looks.mock.calls.length;
      await vi.waitUntil(() => here.looks.mock.calls.length >= before + 2);
    };
    clock.pass(5);
    await again();
    expect(ended.aborted).toBe(false);
    clock.pass(0.001);
    await ends(ended);
  });
});
