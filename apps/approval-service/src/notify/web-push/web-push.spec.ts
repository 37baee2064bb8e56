import { ApiKeys, BrowserSessions, Credentials } from '@countersign/auth';
import { Decision, type Approval } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import type { Role } from '@countersign/contracts/auth';
import { after, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import type { WebPushChannel } from '@countersign/definitions';
import { openTemporaryDatabase } from '@countersign/testing';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  approvalWith,
  approvalWithSecret,
  channelOf,
  day,
  minute,
  noticeOf,
  now,
} from '../../../test/notify.fixtures.js';
import { browserAt, startPushService, type PushService } from '../../../test/push-service.fixtures.js';
import { WebPushSender, type WebPushSenderOptions } from './sender.js';
import { problemWith, subscriptionCollection } from './subscription.js';
import { Subscriptions } from './subscriptions.js';
import { pushKeyCollection, vapidKeys } from './vapid-keys.js';

const never = new AbortController().signal;
const toOps = (change: Partial<Approval> = {}): Approval => {
  const approval = approvalWith(change);
  const approvers = [{ group: 'ops', members: ['bob', 'carol'], count: 1 }];
  return { ...approval, user_id: 'ana', requested_by: 'ana', terms: { ...approval.terms, approvers } };
};

describe('a channel of Web Push', () => {
  let service: PushService;
  let clock: EpochMillis;
  let keys: ApiKeys;
  let sessions: BrowserSessions;
  let database: ReturnType<typeof openTemporaryDatabase>['database'];
  let subscriptions: Subscriptions;
  let sender: WebPushSender;
  beforeAll(async () => void (service = await startPushService()));
  afterAll(() => service.stop());
  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    onTestFinished(() => temporary.close());
    ({ database } = temporary);
    [clock, service.received.length] = [now, 0];
    service.answerWith(201);
    const time = { database, now: () => clock };
    keys = new ApiKeys({ ...time, adminKey: undefined });
    sessions = new BrowserSessions({ ...time, keys });
    const credentials = new Credentials({ keys, sessions, issuer: undefined, now: () => clock });
    const { store } = database.collection(subscriptionCollection);
    const deputies = { of: async () => [] };
    subscriptions = new Subscriptions({ store, sessions, credentials, deputies, now: () => clock });
    sender = senderWith();
  });

  function senderWith(change: object = {}, options: Partial<WebPushSenderOptions> = {}): WebPushSender {
    const entry = { contact: 'mailto:ops@example.com', allow_private: true, ...change };
    const { web_push } = channelOf({ name: 'browsers', web_push: entry }) as WebPushChannel;
    const { store } = database.collection(pushKeyCollection);
    return new WebPushSender({
      web_push,
      subscriptions: () => subscriptions,
      keys: () => vapidKeys(store, web_push.private_key, clock),
      now: () => clock,
      ...options,
    });
  }

  /** Somebody signs in by a key, and subscribes in a browser of theirs. */
  async function subscribed(subject: string, { roles = ['approver'] as Role[], keyed = true, n = 0 } = {}) {
    const { record } = await keys.create({ name: `${subject}-${n}`, subject, roles });
    const { session } = await sessions.start({ subject, roles, groups: [], key_id: keyed ? record.id : null });
    const browser = browserAt(`${service.url}/push/${subject}-${n}`);
    const credential = { via: 'session' as const, id: session.id, key_id: session.key_id, expires_at: null };
    const who = { subject, display_name: subject, roles, groups: [], scopes: new Set<never>(), credential };
    const { id } = await subscriptions.add(browser.subscription, who);
    return { id, browser, session, key: record.id, who };
  }
  const send = (id: string, approval = toOps(), kind: NoticeKind = 'pending', by = sender) => {
    const notice = noticeOf(approval, kind);
    return by.send({ ...notice, delivery: { ...notice.delivery, recipient: id } }, never);
  };
  const recipients = (approval = toOps(), kind: NoticeKind = 'pending') => sender.recipients(approval, kind);

  it('says to a browser what is requested and how great the risk is, to be read by nobody else', async () => {
    const { id, browser } = await subscribed('bob');
    expect(await send(id)).toEqual({ type: 'sent', detail: 'HTTP 201', receipt: null });
    const [{ body, headers, path }] = service.received as [PushService['received'][0]];
    expect(path).toBe('/push/bob-0');
    expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'normal' });
    expect(browser.read(body)).toEqual({
      approval_id: toOps().id,
      tag: `${toOps().id}/pending`,
      title: 'Approval needed',
      body: expect.stringContaining('requests deploy_to_production'),
    });
    expect(body.toString('latin1')).not.toContain('deploy');
  });

  it('says no argument that is not for everybody, and none that no title names', async () => {
    const { id, browser } = await subscribed('bob');
    const secretive = { ...approvalWithSecret(), user_id: 'ana', requested_by: 'ana' };
    await send(id, secretive);
    expect(JSON.stringify(browser.read(service.received[0]!.body))).not.toMatch(/s3cret|auth-service/);
  });

  it('has a digest of what its user may decide, which leads to the inbox', async () => {
    const { id, browser } = await subscribed('bob');
    const others = [{ group: 'ops', members: ['carol'], count: 1 }];
    const approvals = [
      toOps({ id: 'a' }),
      toOps({ id: 'b' }),
      { ...toOps(), terms: { ...toOps().terms, approvers: others } },
    ];
    const { delivery } = noticeOf(toOps());
    await sender.sendDigest({ approvals, delivery: { ...delivery, recipient: id } }, never);
    const message = browser.read(service.received[0]!.body);
    expect(message).toMatchObject({ title: '2 calls wait for a decision', approval_id: null });
  });

  it('shows the push service who sends, with one key for the whole installation', async () => {
    const { id } = await subscribed('bob');
    await Promise.all([send(id), send(id, toOps(), 'pending', senderWith())]);
    const shown = service.received.map(({ headers }) => /t=(\S+), k=(\S+)/.exec(headers.authorization!)!);
    expect(new Set(shown.map(([, , key]) => key)).size).toBe(1);
    const point = Buffer.from(shown[0]![2]!, 'base64url');
    const [x, y] = [point.toString('base64url', 1, 33), point.toString('base64url', 33)];
    const jwks = createLocalJWKSet({ keys: [{ kty: 'EC', crv: 'P-256', x, y }] });
    const { payload } = await jwtVerify(shown[0]![1]!, jwks);
    expect(payload).toMatchObject({ aud: service.url, sub: 'mailto:ops@example.com' });
  });

  it('takes a key that is set', async () => {
    const { store } = database.collection(pushKeyCollection);
    const made = await vapidKeys(store, undefined, clock);
    expect(await vapidKeys(store, undefined, clock)).toEqual(made);
    const other = await vapidKeys(
      openTemporaryDatabase().database.collection(pushKeyCollection).store,
      made.privateKey,
      clock,
    );
    expect(other).toEqual(made);
  });

  it('tells whoever may decide, and of a question whoever requested the call', async () => {
    const [bob, dave, ana] = [await subscribed('bob'), await subscribed('dave'), await subscribed('ana')];
    expect(await recipients()).toEqual([bob.id]);
    expect(await recipients(toOps(), 'question')).toEqual([ana.id]);
    expect((await recipients(toOps(), 'break_glass')).toSorted()).toEqual([bob.id, dave.id, ana.id].toSorted());
    const decision = Decision.parse({ verdict: 'approved', by: 'bob', at: toEpochSeconds(now), note: null });
    expect(await recipients({ ...toOps(), required_approvals: 2, decisions: [decision] })).toEqual([]);
    // Nor is one told who might have decided when it was stored, and may not by now.
    expect(await send(dave.id)).toMatchObject({ type: 'not_needed' });
    expect(service.received).toEqual([]);
  });

  it.each<[string, (of: Awaited<ReturnType<typeof subscribed>>) => Promise<unknown> | void, object]>([
    ['signs out', ({ session }) => sessions.end(session.id), {}],
    [
      'has signed out, and the session is forgotten',
      async ({ session }) => {
        await sessions.end(session.id);
        clock = after(clock, 3 * day);
        for await (const _ of sessions.retention.purgeBefore(after(clock, -day)));
      },
      {},
    ],
    ['has lost the key that began the session', ({ key }) => keys.revoke(key), {}],
    [
      'has lost it after the session',
      ({ key }) => {
        clock = after(clock, 2 * day);
        return keys.revoke(key);
      },
      {},
    ],
    ['has signed in by a link whose time is over', () => void (clock = after(clock, 2 * day)), { keyed: false }],
    ['may not decide', () => {}, { roles: ['viewer'] }],
  ])('ends for a browser whose user %s', async (_, happen, how) => {
    const mine = await subscribed('bob', how);
    await happen(mine);
    expect(await recipients()).toEqual([]);
    expect(await send(mine.id)).toMatchObject({ type: 'not_needed' });
    expect(await subscriptions.of({ subject: 'bob' })).toEqual([]);
    expect(service.received).toEqual([]);
  });

  it('outlasts the session at whose end people are asleep, and the record of it', async () => {
    const { id } = await subscribed('bob');
    clock = after(clock, day);
    for await (const _ of subscriptions.purge());
    clock = after(clock, 2 * day);
    for await (const _ of sessions.retention.purgeBefore(after(clock, -day)));
    expect(await send(id)).toMatchObject({ type: 'sent' });
  });

  it.each([404, 410])('ends for a browser that its push service does not know any more (%d)', async (status) => {
    const { id } = await subscribed('bob');
    service.answerWith(status);
    expect(await send(id)).toEqual({ type: 'failed_for_good', detail: `HTTP ${status}` });
    expect(await recipients()).toEqual([]);
  });

  it('tries again where that may help', async () => {
    const { id } = await subscribed('bob');
    service.answerWith(503);
    expect(await send(id)).toMatchObject({ type: 'failed_for_now' });
    expect(await recipients()).toEqual([id]);
  });

  it('sends nothing into the own network', async () => {
    const { id } = await subscribed('bob');
    const outcome = await send(id, toOps(), 'pending', senderWith({ allow_private: false }));
    expect(outcome).toMatchObject({ type: 'failed_for_good', detail: expect.stringContaining('not a public address') });
    expect(service.received).toEqual([]);
  });

  it('tells ten browsers of one person, the newest', async () => {
    for (let n = 0; n < 11; n += 1) {
      clock = after(clock, minute);
      await subscribed('bob', { n });
    }
    const own = await subscriptions.of({ subject: 'bob' });
    expect(own.map(({ endpoint }) => endpoint.split('-').at(-1))).toEqual([
      '10',
      '9',
      '8',
      '7',
      '6',
      '5',
      '4',
      '3',
      '2',
      '1',
    ]);
  });

  it('belongs to whoever subscribed last in that browser, who alone removes it', async () => {
    const { browser, id } = await subscribed('bob');
    const carol = await subscribed('carol');
    await subscriptions.add(browser.subscription, carol.who);
    expect(await subscriptions.of({ subject: 'bob' })).toEqual([]);
    await subscriptions.remove(id, { subject: 'bob' });
    expect((await subscriptions.of({ subject: 'carol' })).map((each) => each.id)).toContain(id);
    await subscriptions.remove(id, { subject: 'carol' });
    expect((await subscriptions.of({ subject: 'carol' })).map((each) => each.id)).toEqual([carol.id]);
  });
});

it.each([
  ['with the password of somebody', { endpoint: 'https://me:secret@push.example/1' }],
  ['for a point that is not on the curve', { keys: { p256dh: `B${'A'.repeat(86)}`, auth: 'A'.repeat(22) } }],
])('a subscription is not %s', (_, change) => {
  const { subscription } = browserAt('https://push.example/1');
  expect(problemWith(subscription)).toBeNull();
  expect(problemWith({ ...subscription, ...change })).not.toBeNull();
});
