import { emit, type EventData } from '@countersign/contracts';
import type { Role } from '@countersign/contracts/auth';
import { TerminalError } from '@countersign/contracts/problems';
import { toEpochSeconds, after, type EpochMillis } from '@countersign/contracts/time';
import type { StoredRecord } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, SignJWT, type JWTVerifyGetKey } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiKeys } from '../credentials/api-key.js';
import { ApiKeys } from '../credentials/api-keys.js';
import { Clock, removed } from '../../test/auth.fixtures.js';
import { BrowserSessions, principalOfSession } from '../sign-in/browser-sessions.js';
import { Credentials } from '../credentials/credentials.js';
import { principalOf, type Principal } from '../principal.js';
import { commandDigest, commandNames, commandScopes, type CommandEvent, type CommandName } from './command.js';
import { CommandGuards, CommandRefused } from './guard.js';
import { CommandTokens } from './tokens.js';
import { CommandUses } from './uses.js';

const { privateKey, publicKey } = await generateKeyPair('EdDSA');
const signingKey = { kid: 'k1', privateKey };
const keyOf = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA' }] });

const approve: EventData<'approval.resolve_requested'> = {
  approval_id: 'approval-1',
  status: 'approved',
  resolution_data: { note: 'Fine.', tool_args: { replicas: 3 } },
};

describe('a command over the bus', () => {
  let clock: Clock;
  let given: ReturnType<typeof openTemporaryDatabase>;
  let keys: ApiKeys;
  let sessions: BrowserSessions;
  /** The issuer whose tokens are taken. */
  let provider: string;
  /** Since when there are records of the service. */
  let recordsSince: EpochMillis;
  beforeEach(() => {
    clock = new Clock();
    recordsSince = clock.now();
    provider = 'https://id.example';
    given = openTemporaryDatabase();
    keys = new ApiKeys({ database: given.database, now: clock.now });
    sessions = new BrowserSessions({ database: given.database, keys, now: clock.now });
  });
  afterEach(() => given.close());

  /** What another process, which remembers nothing, makes of it. */
  const elsewhere = () => {
    const { database } = given;
    const itsKeys = new ApiKeys({ database, now: clock.now });
    const itsSessions = new BrowserSessions({ database, keys: itsKeys, now: clock.now });
    const credentials = new Credentials({
      keys: itsKeys,
      sessions: itsSessions,
      get issuer() {
        return provider;
      },
      now: clock.now,
    });
    return { credentials, uses: new CommandUses({ database, now: clock.now }), now: clock.now };
  };
  const obey = (command: CommandEvent, verify: JWTVerifyGetKey = keyOf) =>
    new CommandGuards(elsewhere()).with(verify, () => recordsSince).sender(command);
  const issue = (who: Principal, type: CommandName, data: object, expires_in = 60) =>
    new CommandTokens({ ...elsewhere(), signingKey: () => signingKey }).issue(who, {
      command: { type, data: { ...data } },
      expires_in,
    });
  const holder = async (roles: Role[] = ['approver'], more: { expires_in?: number } = {}) => {
    const { key, record } = await keys.create({ name: 'n', subject: 'Ana', roles, groups: ['ops'], ...more });
    return { who: (await keys.verify(key))!, id: record.id };
  };
  const messageOf = (type: CommandName, data: object, token: string | undefined, id = 'message-1') =>
    ({
      ...emit(type, { ...data, ...(token !== undefined && { token }) } as never),
      id,
      source: '/platform',
      time: '2026-09-01T09:30:00.000Z',
      subject: 's',
      key: 'k',
      traceparent: null,
      tracestate: null,
    }) as CommandEvent;
  const decide = (token: string | undefined, data: object = approve, id?: string) =>
    messageOf('approval.resolve_requested', data, token, id);
  const tokenToApprove = async (who?: Principal) =>
    (await issue(who ?? (await holder()).who, 'approval.resolve_requested', approve)).token;

  it('is of whoever its token names, with the roles and groups of their key', async () => {
    expect(await obey(decide(await tokenToApprove()))).toMatchObject({
      subject: 'ana',
      display_name: 'Ana',
      roles: ['approver'],
      groups: ['ops'],
    });
  });

  it.each<[string, object]>([
    ['the other verdict', { ...approve, status: 'rejected' }],
    ['another approval', { ...approve, approval_id: 'approval-2' }],
    ['other arguments', { ...approve, resolution_data: { note: 'Fine.', tool_args: { replicas: 30 } } }],
    ['a grant as well', { ...approve, resolution_data: { ...approve.resolution_data, grant: { expires_in: 60 } } }],
    ['nothing besides', { approval_id: 'approval-1', status: 'approved' }],
  ])('is refused with a token for it when it says %s', async (_, other) => {
    const refused = obey(decide(await tokenToApprove(), other));
    await expect(refused).rejects.toBeInstanceOf(CommandRefused);
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    await expect(refused).rejects.toThrow(/^The token is for another command than this/);
  });

  it('of one kind is none of another, whatever both say', async () => {
    const { who } = await holder(['operator']);
    const { token } = await issue(who, 'tool.resume_requested', { tool_name: 'deploy' });
    const pause = messageOf('tool.pause_requested', { tool_name: 'deploy', reason: 'r' }, token);
    await expect(obey(pause)).rejects.toThrow(/for another command than this/);
  });

  it.each<[CommandName, Role, object, object]>([
    ['run.requested', 'requester', { agent_id: 'ops', input: 'Look.' }, { agent_id: 'ops', input: 'Deploy.' }],
    [
      'run.requested',
      'admin',
      { agent_id: 'a', input: 'i', user_id: 'Bob ' },
      { agent_id: 'a', input: 'i', user_id: 'eve' },
    ],
    ['run.cancel_requested', 'requester', { run_id: 'run-1' }, { run_id: 'run-2' }],
    ['tool.pause_requested', 'operator', { tool_name: 'deploy', reason: 'r' }, { tool_name: null, reason: 'r' }],
    ['tool.resume_requested', 'operator', { tool_name: 'deploy' }, { tool_name: null }],
  ])('%s of a %s is exactly what its token was made for', async (type, role, data, other) => {
    const { who } = await holder([role]);
    const { token } = await issue(who, type, data);
    await expect(obey(messageOf(type, other, token))).rejects.toThrow(/The token is for another/);
    expect(await obey(messageOf(type, data, token))).toMatchObject({ subject: 'ana' });
  });

  it('is let in as often as it comes, and a second one with its token is not', async () => {
    const token = await tokenToApprove();
    for (const _ of [1, 2]) expect(await obey(decide(token))).toMatchObject({ subject: 'ana' });
    await expect(obey(decide(token, approve, 'message-2'))).rejects.toThrow(/^The token was used for another message/);
    const later = { ...decide(token), time: '2026-09-01T09:31:00.000Z' };
    await expect(obey(later)).rejects.toThrow(/used for another message/);
  });

  it('of many with one token is let in once, however many come at once', async () => {
    const token = await tokenToApprove();
    const all = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => obey(decide(token, approve, `message-${n}`))));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('that was let in is so for good: later its token is over, and its key revoked', async () => {
    const { who, id } = await holder();
    const command = decide(await tokenToApprove(who));
    await obey(command);
    await keys.revoke(id);
    clock.pass(3_600);
    expect(await obey(command)).toMatchObject({ subject: 'ana' });
  });

  describe('that is to be seen to once', () => {
    const once = (command: CommandEvent, see: (who: Principal) => Promise<void>) =>
      new CommandGuards(elsewhere()).with(keyOf, () => recordsSince).once(command, see);

    it('is seen to until that was done, and never again, whoever writes it once more', async () => {
      const command = decide(await tokenToApprove());
      const outage = new Error('down');
      await expect(once(command, () => Promise.reject(outage))).rejects.toBe(outage);
      const seen: string[] = [];
      const see = async ({ subject }: Principal) => void seen.push(subject);
      for (const _ of [1, 2, 3]) await once(command, see);
      expect(seen).toEqual(['ana']);
      await expect(once({ ...command, id: 'message-2' }, see)).rejects.toThrow(/used for another message/);
    });
  });

  describe('is refused when', () => {
    it('it has no token, or none of ours', async () => {
      await expect(obey(decide(undefined))).rejects.toThrow(/no token; POST \/auth\/tokens/);
      for (const none of ['', 'a.b.c', 'none'])
        await expect(obey(decide(none))).rejects.toThrow(/names no sender, or has expired/);
    });

    it('its token is over', async () => {
      const token = await tokenToApprove();
      clock.pass(60);
      await expect(obey(decide(token))).rejects.toThrow(/or has expired/);
    });

    it('its token is from before the records here begin, so that its use may be forgotten', async () => {
      const [used, kept] = [await tokenToApprove(), await tokenToApprove()];
      await obey(decide(used));
      await obey(decide(kept));
      const { store } = given.database.collection<StoredRecord & { id: string }>({
        name: 'command_uses',
        key: 'id',
        indexes: [],
      });
      await store.remove({ id: decodeJwt(used).jti! } as never, 1);
      clock.pass(1);
      recordsSince = clock.now();
      const again = { ...decide(used, approve, 'message-2'), time: new Date(clock.now()).toISOString() };
      await expect(obey(again)).rejects.toMatchObject({ code: 'token_over' });
      expect(await obey(decide(kept))).toMatchObject({ subject: 'ana' });
      expect(await obey(decide(await tokenToApprove(), approve, 'message-3'))).toMatchObject({ subject: 'ana' });
    });

    it('the key was revoked since', async () => {
      const { who, id } = await holder();
      const token = await tokenToApprove(who);
      await keys.revoke(id);
      await expect(obey(decide(token))).rejects.toThrow(/^ana has a token of a key or login that has ended/);
    });

    it.each([
      ['roles', { roles: ['viewer'] }],
      ['groups', { groups: ['leads'] }],
      ['subject', { subject: 'bob' }],
    ] as [string, object][])('the key has other %s by now', async (_, change) => {
      const { who, id } = await holder();
      const token = await tokenToApprove(who);
      const { store } = given.database.collection(apiKeys);
      const record = (await store.get(id))!;
      const state = { ...record, ...change, version: record.version + 1 };
      await store.commit({ expected: record.version, state, events: [] });
      await expect(obey(decide(token))).rejects.toThrow(/whose rights have changed/);
    });

    it('the session has ended since, or the key that began it', async () => {
      const first = await holder();
      const signedIn = async () => {
        const { session } = await sessions.start({ ...first.who, key_id: first.id });
        return { session, token: await tokenToApprove(principalOfSession(session)) };
      };
      const [ended, orphaned] = [await signedIn(), await signedIn()];
      await sessions.end(ended.session.id);
      await expect(obey(decide(ended.token))).rejects.toThrow(/key or login that has ended/);
      expect(await obey(decide((await signedIn()).token))).toMatchObject({ subject: 'ana' });
      await keys.revoke(first.id);
      await expect(obey(decide(orphaned.token))).rejects.toThrow(/key or login that has ended/);
    });

    it('another key signed its token, or it is of another kind', async () => {
      const other = await generateKeyPair('EdDSA');
      const { who } = await holder();
      const command = { type: 'approval.resolve_requested', data: { ...approve } } as const;
      const tokens = new CommandTokens({
        ...elsewhere(),
        signingKey: () => ({ kid: 'k1', privateKey: other.privateKey }),
      });
      const { token } = await tokens.issue(who, { command, expires_in: 60 });
      await expect(obey(decide(token))).rejects.toThrow(/names no sender/);
      const claims = { name: 'ana', roles: ['approver'], groups: [], credential: who.credential };
      const sign = (typ: string, audience: string, more: object = {}) =>
        new SignJWT({ ...claims, command: { type: command.type, digest: commandDigest(command) }, ...more })
          .setProtectedHeader({ alg: 'EdDSA', kid: 'k1', typ })
          .setSubject('ana')
          .setJti('t')
          .setIssuer('countersign')
          .setAudience(audience)
          .setExpirationTime(toEpochSeconds(clock.now()) + 60)
          .sign(privateKey);
      const kind = ['countersign-command+jwt', 'countersign-commands'] as const;
      for (const none of [sign('JWT', kind[1]), sign(kind[0], 'elsewhere'), sign(...kind, { roles: ['root'] })])
        await expect(obey(decide(await none))).rejects.toThrow(/names no sender/);
    });
  });

  it('waits while the keys cannot be fetched', async () => {
    const outage = new Error('connection refused');
    const command = decide(await tokenToApprove());
    await expect(obey(command, () => Promise.reject(outage))).rejects.toBe(outage);
  });

  describe('has a token that', () => {
    it('lasts as long as was asked for, and never longer than the key', async () => {
      const { who } = await holder(['approver'], { expires_in: 5 });
      expect(await issue(who, 'approval.resolve_requested', approve, 3_600)).toMatchObject({ expires_in: 5 });
      expect(await issue(who, 'approval.resolve_requested', approve, 3)).toMatchObject({ expires_in: 3 });
      clock.pass(5);
      await expect(issue(who, 'approval.resolve_requested', approve)).rejects.toMatchObject({ status: 401 });
    });

    it('never lasts longer than a login, nor than the key behind it', async () => {
      const { who, id } = await holder(['approver'], { expires_in: 5 });
      const { session } = await sessions.start({ ...who, key_id: id });
      const issued = await issue(principalOfSession(session), 'approval.resolve_requested', approve, 3_600);
      expect(issued).toMatchObject({ expires_in: 5 });
      const at = toEpochSeconds(clock.now());
      const federated = principalOf({ subject: 'ana', roles: ['approver'], groups: [] }, 'jwt', {
        id: provider,
        expires_at: after(at, 5),
      });
      const { token, expires_in } = await issue(federated, 'approval.resolve_requested', approve, 3_600);
      expect(expires_in).toBe(5);
      clock.pass(5);
      await expect(obey(decide(token))).rejects.toThrow(/or has expired/);
    });

    it('made from a token of a provider counts while its tokens are taken here, and no longer', async () => {
      const expires_at = after(toEpochSeconds(clock.now()), 600);
      const by = (id: string | null) =>
        principalOf({ subject: 'ana', roles: ['approver'], groups: [] }, 'jwt', { id, expires_at });
      const taken = await issue(by(provider), 'approval.resolve_requested', approve);
      await obey(decide(taken.token));
      for (const other of ['https://another.example', null])
        await expect(issue(by(other), 'approval.resolve_requested', approve)).rejects.toMatchObject({ status: 401 });
      const { token } = await issue(by(provider), 'approval.resolve_requested', approve);
      provider = 'https://new.example';
      await expect(obey(decide(token))).rejects.toThrow(/has ended/);
    });

    it('nobody gets who may not give the command', async () => {
      const { who } = await holder(['viewer']);
      await expect(issue(who, 'approval.resolve_requested', approve)).rejects.toMatchObject({ status: 403 });
    });

    it('is for a command that there is', async () => {
      const { who } = await holder();
      const refused = issue(who, 'approval.resolve_requested', { approval_id: 'a', status: 'maybe' });
      await expect(refused).rejects.toBeInstanceOf(TerminalError);
    });

    it('that does not say whether it was handled, as one of a former version, is not used once more', async () => {
      const { uses } = elsewhere();
      const claims = { jti: 'token-1', exp: after(toEpochSeconds(clock.now()), 60) };
      const message = { source: '/platform', id: 'message-1', time: '2026-09-01T09:30:00.000Z' };
      expect(await uses.record(claims, message)).toBe('this');
      const { store } = given.database.collection<StoredRecord & { id: string; handled?: boolean }>({
        name: 'command_uses',
        key: 'id',
        indexes: [],
      });
      const { handled: _, ...record } = (await store.get('token-1'))!;
      await store.commit({
        expected: record.version,
        state: { ...record, version: record.version + 1 },
        events: [],
      } as never);
      expect(await uses.find(claims, message)).toBe('handled');
    });

    it('is forgotten a day after it was over', async () => {
      await obey(decide(await tokenToApprove()));
      const { retention: removal } = new CommandUses({ database: given.database, now: clock.now });
      expect(await removed(removal, clock)).toBe(0);
      clock.pass(86_400 + 61);
      expect(await removed(removal, clock)).toBe(1);
    });
  });
});

describe('the commands', () => {
  it('that anybody may send all say what it takes', () => {
    expect(Object.keys(commandScopes).toSorted()).toEqual(commandNames.toSorted());
  });
});
