import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import { atMillis, toEpochSeconds, after, latest, type EpochMillis } from '@countersign/contracts/time';
import { CommandHandler, WorkPool, type Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '@countersign/definitions';
import { deliveryCollection, deliveryId } from './deliveries/delivery-record.js';
import { decideDelivery, type DeliveryMessage } from './deliveries/delivery.js';
import { Notifier } from './notifier.js';
import {
  approvalWith,
  approved,
  channelOf,
  claimed,
  created,
  day,
  lease_ms,
  minute,
  now,
  webhookTo,
} from '../../test/notify.fixtures.js';
import { startReceiver, type Receiver } from '../../test/receiver.fixtures.js';
import { sendersOf } from './senders.js';
import { startSmtpSink, type SmtpSink } from '../../test/smtp-sink.fixtures.js';

const soon = { timeout: 5_000, interval: 5 };
const approval = approvalWith();
const id = deliveryId(approval.id, 'audit', 'pending', 1);

const push = {
  subscriptions: () => expect.unreachable(),
  keys: () => expect.unreachable(),
};

describe('the notifier', () => {
  let database: ReturnType<typeof openTemporaryDatabase>;
  let receiver: Receiver;
  let sink: SmtpSink;
  let clock: EpochMillis;
  let store: Store<NoticeDelivery>;
  let deliveries: CommandHandler<NoticeDelivery, DeliveryMessage>;
  let approvals: Map<string, Approval>;
  let stops: (() => Promise<void>)[];
  beforeEach(async () => {
    [database, receiver, sink] = [openTemporaryDatabase(), await startReceiver(), await startSmtpSink()];
    store = database.database.collection(deliveryCollection).store;
    [clock, stops, approvals] = [now, [], new Map([[approval.id, approval]])];
    deliveries = new CommandHandler({
      collection: deliveryCollection,
      store,
      decide: decideDelivery,
      source: '/approval-service',
      publish: (events) => expect(events).toEqual([]),
      now: () => clock,
    });
  });
  afterEach(async () => {
    await Promise.all([receiver.stop(), sink.stop()]);
    for (const stop of stops) await stop();
    database.close();
  });

  it('waits for the quiet hours of a channel, and tries for as long after them', async () => {
    const quiet_hours = { from: '09:00', until: '17:00', time_zone: 'UTC' };
    const { notifier } = open([channelOf({ ...webhookTo(receiver.url), quiet_hours })]);
    await notifier.notify(approval, 'pending');
    const { due_at, held_until } = (await store.get(id))!;
    expect([due_at, held_until]).toEqual([
      Date.parse('2026-09-01T17:00:00Z'),
      toEpochSeconds(atMillis(Date.parse('2026-09-01T17:00:00Z'))),
    ]);
    await notifier.notify(approval, 'escalation');
    expect(await store.get(deliveryId(approval.id, 'audit', 'escalation', 1))).toMatchObject({ held_until: null });
  });

  /** Three approvals that are told together, at ten. */
  async function heldForDigest() {
    const from = 'cs@example.com';
    const email = { smtp_url: sink.url, from, to: ['ada@example.com'], base_url: 'https://cs.example' };
    const { notifier, pool } = open([channelOf({ name: 'mail', email, digest: { at: ['10:00', '11:00'] } })]);
    const several = ['one', 'two', 'three'].map((id) => approvalWith({ id, expires_at: null }));
    for (const each of several) {
      approvals.set(each.id, each);
      await notifier.notify(each, 'pending');
    }
    return { several, pool };
  }

  /** Until all deliveries are like this, while time goes on for whatever waits for another try. */
  const untilAll = (...statuses: NoticeDelivery['status'][]) =>
    expect
      .poll(async () => {
        const found = await all();
        const wait = found.flatMap(({ status, due_at }) => (status === 'queued' && due_at !== null ? [due_at] : []));
        if (wait.length > 0 && !found.some(({ status }) => status === 'sending')) clock = latest(clock, ...wait);
        return found.map(({ status }) => status).toSorted();
      }, soon)
      .toEqual(statuses);

  it('tells in one message what was held for a digest and still waits, and alone what is alone', async () => {
    const { several, pool } = await heldForDigest();
    expect((await all()).every(({ in_digest, held_until }) => in_digest && held_until !== null)).toBe(true);
    approvals.set('two', { ...several[1]!, status: 'rejected' });
    clock = atMillis(Date.parse('2026-09-01T10:00:00Z'));
    pool.start();
    await untilAll('delivered', 'delivered', 'delivered');
    expect(sink.mails).toHaveLength(1);
    expect(sink.mails[0]!.data).toContain('Subject: 2 calls wait for a decision');
    expect(sink.mails[0]!.data).toContain('https://cs.example/inbox/approvals/three');
    expect(sink.mails[0]!.data).not.toContain('approvals/two');
  });

  it('tells one by one what a digest that failed for good has left untold', async () => {
    const { pool } = await heldForDigest();
    sink.answer('MAIL', '550 no');
    clock = atMillis(Date.parse('2026-09-01T10:00:00Z'));
    pool.start();
    const first = async () => (await all()).find(({ status }) => status === 'failed');
    await expect.poll(first, soon).toBeDefined();
    sink.answer('MAIL', '250 fine');
    await untilAll('delivered', 'delivered', 'failed');
    const told = sink.mails.map(({ data }) => /approvals\/(\w+)/.exec(data)![1]);
    const untold = (await first())!.approval_id;
    expect([...told, untold].toSorted()).toEqual(['one', 'three', 'two']);
  });

  /** One instance of the service. */
  function open(channels: Channel[] = [webhookTo(receiver.url)], timeoutMs = 5_000) {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const notifier: Notifier = new Notifier({
      now: () => clock,
      deliveries,
      pool: () => pool,
      channels,
      senders: sendersOf(channels, { now: () => clock, timeoutMs, push }),
      approvals: async (id) => approvals.get(id),
      leaseMs: lease_ms,
      log,
    });
    const onDue = (delivery: NoticeDelivery, place: Parameters<Notifier['onDue']>[1]) =>
      notifier.onDue(delivery, place);
    const pool = new WorkPool<NoticeDelivery>({ store, size: 4, now: () => clock, log, onDue, pollEveryMs: 5 });
    stops.push(() => pool.stop(5_000));
    return { notifier, pool, log };
  }
  const delivery = async () => (await store.get(id))!;
  const outcomes = async () => (await delivery()).attempts.map(({ outcome }) => outcome);
  const all = () => store.find({ filter: {}, sort: [['created_at', 'asc']], limit: 100 });
  const idsReceived = () => receiver.received.map(({ headers }) => headers['webhook-id']);

  it('tells every channel that wants to know', async () => {
    const email = { smtp_url: sink.url, from: 'cs@example.com', to: ['ada@example.com'] };
    const channels = [
      webhookTo(receiver.url),
      channelOf({ name: 'mail', email }),
      channelOf({ name: 'late', email, on: ['escalation'] }),
    ];
    const { notifier, pool } = open(channels);
    pool.start();
    await notifier.notify(approval, 'pending');
    const status = async () => (await all()).map(({ channel, status }) => `${channel} ${status}`).toSorted();
    await expect.poll(status, soon).toEqual(['audit delivered', 'mail delivered']);
    expect([receiver.received.length, sink.mails.length]).toEqual([1, 1]);
    expect(await delivery()).toMatchObject({
      lease: null,
      due_at: null,
      attempts: [{ outcome: 'sent', detail: 'HTTP 204' }],
    });
  });

  it('tells the program of an agent that its call is over, and nobody else', async () => {
    const { agent_id } = approval;
    approvals.set(approval.id, { ...approved(), run_status: 'COMPLETED' });
    const channels = [agent_id!, 'another'].map((agent) => ({
      ...webhookTo(receiver.url, { events: ['approval.ended'] }),
      name: agent,
      agents: [agent],
    }));
    const { notifier, pool } = open(channels);
    pool.start();
    await notifier.notify(approval, 'ended');
    const sent = async () => (await all()).map(({ channel, status }) => [channel, status]);
    await expect.poll(sent, soon).toEqual([[agent_id, 'delivered']]);
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({
      type: 'approval.ended',
      data: { id: approval.id, run_id: approval.run_id, status: 'approved', run_status: 'COMPLETED' },
    });
  });

  it('stores what is to be said before anything is sent', async () => {
    await open().notifier.notify(approval, 'pending');
    expect(await delivery()).toMatchObject({ status: 'queued', due_at: clock, run_id: approval.run_id });
    expect(receiver.received).toEqual([]);
  });

  it('says it once, however often and wherever it is asked to', async () => {
    const [one, other] = [open(), open()];
    await Promise.all([one, other, one].map(({ notifier }) => notifier.notify(approval, 'pending')));
    for (const { pool } of [one, other]) pool.start();
    await expect.poll(outcomes, soon).toEqual(['sent']);
    await one.notifier.notify(approval, 'pending');
    expect(await all()).toHaveLength(1);
    expect(receiver.received).toHaveLength(1);
  });

  it('says each of several reminders', async () => {
    const { notifier, pool } = open();
    pool.start();
    await Promise.all([1, 2, 2].map((n) => notifier.notify(approval, 'reminder', n)));
    await expect.poll(() => receiver.received.length, soon).toBe(2);
    expect(new Set(idsReceived()).size).toBe(2);
  });

  it('has a delivery claimed by one of several instances', async () => {
    await open().notifier.notify(approval, 'pending');
    const due = await delivery();
    const places = [1, 2, 3].map(() => ({ start: vi.fn(), release: vi.fn() }));
    await Promise.all(places.map((place) => open().notifier.onDue(due, place)));
    expect(places.map(({ start }) => start.mock.calls.length).toSorted()).toEqual([0, 0, 1]);
    expect(places.map(({ release }) => release.mock.calls.length).toSorted()).toEqual([0, 1, 1]);
    expect(await delivery()).toMatchObject({ status: 'sending', attempts: [{ outcome: null }] });
  });

  it('tries again later, as the same message, until it is received', async () => {
    receiver.answerWith((_, n) => ({ status: n < 3 ? 500 : 200 }));
    const { notifier, pool } = open();
    pool.start();
    await notifier.notify(approval, 'pending');
    await expect.poll(delivery, soon).toMatchObject({ status: 'queued', due_at: now + 5_000 });
    clock = after(clock, 5_000);
    await expect.poll(delivery, soon).toMatchObject({ status: 'queued', due_at: now + 20_000 });
    expect(receiver.received).toHaveLength(2);
    clock = after(clock, 15_000);
    await expect.poll(outcomes, soon).toEqual(['failed_for_now', 'failed_for_now', 'sent']);
    expect(idsReceived()).toEqual([id, id, id]);
    const [first, , last] = receiver.received;
    expect(last!.body).toBe(first!.body);
    expect(last!.headers['webhook-timestamp']).not.toBe(first!.headers['webhook-timestamp']);
  });

  it('waits for as long as the receiver asks', async () => {
    receiver.answerWith(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    const { notifier, pool } = open();
    pool.start();
    await notifier.notify(approval, 'pending');
    await expect.poll(delivery, soon).toMatchObject({ status: 'queued', due_at: now + 3_600_000 });
  });

  it('tries again after a receiver that did not answer in time', async () => {
    receiver.answerWith((_, n) => (n === 1 ? 'hang' : { status: 204 }));
    const { notifier, pool } = open([webhookTo(receiver.url)], 1_000);
    pool.start();
    await notifier.notify(approval, 'pending');
    await expect.poll(delivery, soon).toMatchObject({
      status: 'queued',
      attempts: [{ outcome: 'failed_for_now', detail: 'no answer in time' }],
    });
    clock = after(clock, minute);
    await expect.poll(outcomes, soon).toEqual(['failed_for_now', 'sent']);
  });

  it('gives up when it is refused for good, and keeps the reason', async () => {
    receiver.answerWith(() => ({ status: 410 }));
    const { notifier, pool, log } = open();
    pool.start();
    await notifier.notify(approval, 'pending');
    await expect.poll(delivery, soon).toMatchObject({
      status: 'failed',
      due_at: null,
      attempts: [{ outcome: 'failed_for_good', detail: 'HTTP 410' }],
    });
    expect(log.warn).toHaveBeenCalledOnce();
    clock = after(clock, day);
    await notifier.notify(approval, 'pending');
    expect(receiver.received).toHaveLength(1);
  });

  it('keeps a channel that fails from nobody else', async () => {
    receiver.answerWith(() => 'hang');
    const email = { smtp_url: sink.url, from: 'cs@example.com', to: ['ada@example.com'] };
    const { notifier, pool } = open([webhookTo(receiver.url), channelOf({ name: 'mail', email })]);
    pool.start();
    await notifier.notify(approval, 'pending');
    await expect.poll(() => sink.mails.length, soon).toBe(1);
    await receiver.stop();
    receiver = await startReceiver();
  });

  it.each(['pending', 'reminder', 'escalation'] as const)(
    'does not say that an approval is %s which is resolved by now',
    async (kind) => {
      const { notifier, pool } = open();
      await notifier.notify(approval, kind);
      approvals.set(approval.id, approved());
      pool.start();
      const of = deliveryId(approval.id, 'audit', kind, 1);
      await expect
        .poll(() => store.get(of), soon)
        .toMatchObject({
          status: 'delivered',
          attempts: [{ outcome: 'not_needed', detail: 'not needed any more' }],
        });
      expect(receiver.received).toEqual([]);
    },
  );

  it('drops what was to be said of an approval that is gone', async () => {
    const { notifier, pool } = open();
    await notifier.notify(approval, 'pending');
    approvals.clear();
    pool.start();
    await expect.poll(outcomes, soon).toEqual(['not_needed']);
  });

  it('fails what is for a channel that is gone', async () => {
    await open().notifier.notify(approval, 'pending');
    open([]).pool.start();
    await expect.poll(delivery, soon).toMatchObject({
      status: 'failed',
      attempts: [{ detail: 'there is no channel "audit" any more' }],
    });
  });

  describe('after a crash while it was sending', () => {
    /** A delivery whose sender is gone, and nobody knows how far it came. */
    const crash = () => deliveries.execute(id, created(), { then: [claimed] });

    it('leaves the delivery alone as long as the lease runs', async () => {
      await crash();
      clock = after(clock, lease_ms - 1);
      const find = vi.spyOn(store, 'find');
      open().pool.start();
      await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(3), soon);
      expect(await delivery()).toMatchObject({ status: 'sending' });
      expect(receiver.received).toEqual([]);
    });

    it('sends it again when the lease is over, as the same message', async () => {
      await crash();
      clock = after(clock, lease_ms);
      open().pool.start();
      await expect.poll(outcomes, soon).toEqual(['lost', 'sent']);
      expect(idsReceived()).toEqual([id]);
    });
  });

  it('does not take the word of a sender whose delivery is another’s by now', async () => {
    const answer = Promise.withResolvers<void>();
    receiver.answerWith((_, n) => (n === 1 ? 'hang' : { status: 204 }));
    const [slow, other] = [open([webhookTo(receiver.url)], 300), open()];
    await slow.notifier.notify(approval, 'pending');
    const place = { start: (work: () => Promise<void>) => void work().finally(answer.resolve), release() {} };
    await slow.notifier.onDue(await delivery(), place as Parameters<Notifier['onDue']>[1]);
    await expect.poll(() => receiver.received.length, soon).toBe(1);
    clock = after(clock, lease_ms);
    other.pool.start();
    await expect.poll(outcomes, soon).toEqual(['lost', 'sent']);
    await answer.promise;
    expect(await outcomes()).toEqual(['lost', 'sent']);
    expect(slow.log.warn).toHaveBeenLastCalledWith(expect.anything(), 'late outcome ignored');
  });

  it('takes the buttons away in Slack when an approval is resolved', async () => {
    const ok = { ok: true, channel: 'C1', ts: '1756.1' };
    receiver.answerWith(() => ({ status: 200, body: JSON.stringify(ok) }));
    const slack = { bot_token: 'xoxb-1', channel: '#ops', signing_secret: 's', api_url: receiver.url };
    const { notifier, pool } = open([channelOf({ name: 'ops', slack })]);
    pool.start();
    await notifier.notify(approval, 'pending');
    const posted = deliveryId(approval.id, 'ops', 'pending', 1);
    await expect.poll(() => store.get(posted), soon).toMatchObject({ receipt: { channel: 'C1', ts: '1756.1' } });
    approvals.set(approval.id, approved());
    await notifier.notify(approved(), 'resolved');
    await expect
      .poll(() => receiver.received.map(({ path }) => path), soon)
      .toEqual(['/chat.postMessage', '/chat.update']);
    expect(JSON.parse(receiver.received[1]!.body)).toMatchObject({ channel: 'C1', ts: '1756.1' });
  });
});
