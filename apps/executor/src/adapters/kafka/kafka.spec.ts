import type { Execution } from '@countersign/contracts/executions';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { atMillis, systemClock } from '@countersign/contracts/time';
import { SqliteBus, type Bus } from '@countersign/messaging';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApprovedCall, Outcome } from '../adapter.js';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';
import { KafkaAdapter, type KafkaOptions } from './kafka.js';
import { Platform, replies as replyTopic, requests as topic } from '../../../test/platform.fixtures.js';
import { Replies, replyCollection } from '../../results/replies.js';
import { compileJson } from '../../templates/json.js';

const soon = { timeout: 10_000, interval: 5 };
const quiet = { info() {}, warn() {}, error() {} };
const scope = { env: { TOKEN: 'a-token-of-the-platform' } };

describe('a request to another platform', () => {
  let stored: ReturnType<typeof openTemporaryDatabase>;
  let bus: SqliteBus;
  let platform: Platform;
  let watch: Follower;
  let opened: KafkaAdapter[];
  beforeEach(() => {
    stored = openTemporaryDatabase();
    bus = new SqliteBus(stored.file, { log: quiet });
    platform = new Platform(bus);
    watch = new Follower(scope.env);
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((adapter) => adapter.close()));
    await platform.stop();
    await bus.close();
    stored.close();
  });

  /** As one instance of the executor has it; all share a store. */
  const adapter = (options: Partial<KafkaOptions> = {}, on: Bus = bus) => {
    const made = new KafkaAdapter({
      topic,
      replyTopic,
      headers: () => ({ tenant: 'blue' }),
      value: compileJson({ service: '{{arguments.service}}', note: '{{arguments.note}}' }, scope),
      status: '/state',
      succeeded: ['deployed'],
      failed: ['refused'],
      result: '/id',
      timeoutMs: 5_000,
      maxOutput: 10_000,
      catchUpMs: 5_000,
      ...options,
    });
    const { store } = stored.database.collection(replyCollection);
    const known = { get: async (id: string) => (id.startsWith('execution-') ? ({ id } as Execution) : undefined) };
    made.open({ now: systemClock, busTo: () => on, replies: new Replies(store, known, 10) });
    opened.push(made);
    return made;
  };
  const call = (change: Partial<ApprovedCall> = {}) => callWith({ service: 'auth' }, change);
  const execute = (options: Partial<KafkaOptions> = {}, change: Partial<ApprovedCall> = {}): Promise<Outcome> =>
    adapter(options).execute(call(change), watch);
  const isAsked = () => expect.poll(() => platform.requests.length, soon).toBeGreaterThan(0);

  it('carries what the file says, the execution by which it is known, where to reply, and the attempt', async () => {
    expect(await execute({}, { attempt: 3 })).toEqual({ outcome: 'succeeded', result: '7' });
    const headers = {
      tenant: 'blue',
      'content-type': 'application/json',
      'correlation-id': 'execution-1',
      'reply-topic': replyTopic,
      attempt: '3',
    };
    expect(platform.done).toEqual([
      { id: 'execution-1', attempt: '3', value: { service: 'auth' }, headers, key: 'execution-1' },
    ]);
  });

  it('has a key of its own where the file says so', async () => {
    await execute({ key: ({ tool_args }) => tool_args['service'] as string });
    expect(platform.done).toMatchObject([{ key: 'auth' }]);
  });

  it('keeps all that the platform says, and gives the part that is asked for as the result', async () => {
    platform.behaviours.push({ says: [{ state: 'queued' }, { state: 'deployed', id: 'r-1' }] });
    expect(await execute()).toEqual({ outcome: 'succeeded', result: 'r-1' });
    expect(watch.output).toBe('{"state":"queued"}\n{"state":"deployed","id":"r-1"}\n');
    expect(watch.news).toContainEqual({ message: 'queued' });
  });

  it('has failed when the platform says so', async () => {
    platform.behaviours.push({ says: [{ state: 'refused', why: 'freeze' }] });
    expect(await execute({ result: '/why' })).toEqual({
      outcome: 'failed',
      error: 'the platform says "refused": freeze',
      covers: 'call',
    });
  });

  it('is done with the first reply that says what came of it: another one changes nothing', async () => {
    platform.behaviours.push({
      says: [
        { state: 'deployed', id: 1 },
        { state: 'deployed', id: 1 },
        { state: 'refused', id: 2 },
      ],
    });
    expect(await execute()).toEqual({ outcome: 'succeeded', result: '1' });
  });

  it('does not show secrets that the platform repeats, nor more than anybody wants', async () => {
    platform.behaviours.push({ says: [{ state: 'deployed', id: `a-token-of-the-platform ${'x'.repeat(100)}` }] });
    expect(await execute({ maxOutput: 5 })).toMatchObject({
      outcome: 'succeeded',
      result: expect.stringMatching(/^\*\*\* x /),
      truncated: true,
    });
    expect(watch.output).not.toContain('a-token');
  });

  describe('where any reply means success', () => {
    const any = { status: undefined, succeeded: [], failed: [], result: undefined };

    it.each<[unknown, string]>([
      [{ ok: true }, '{"ok":true}'],
      [Buffer.from('OK'), 'OK'],
      [Buffer.from(''), 'replied with nothing'],
    ])('is done when it says %o', async (said, result) => {
      platform.behaviours.push({ says: [said] });
      expect(await execute(any)).toEqual({ outcome: 'succeeded', result });
    });
  });

  describe('that nobody knows the end of', () => {
    it.each<[string, { says?: unknown[]; headers?: Record<string, string> }, RegExp]>([
      ['without a reply', {}, /has not replied/],
      ['when the reply is no JSON', { says: [Buffer.from([0xff, 0x00, 0x7b])] }, /replied without saying/],
      ['when the reply says nothing of it', { says: [{ hello: 'world' }, [], 'deployed'] }, /replied without saying/],
      ['when it stays under way', { says: [{ state: 'queued' }, { state: 'running' }] }, /reported "running"/],
      ['when the reply is a tombstone', { says: [null] }, /has not replied/],
      [
        'when the reply is to somebody else',
        { says: [{ state: 'deployed' }], headers: { 'correlation-id': 'theirs' } },
        /has not replied/,
      ],
      [
        'when the reply is to another attempt',
        { says: [{ state: 'deployed' }], headers: { attempt: '2' } },
        /has not replied/,
      ],
    ])('is unknown %s', async (_, behaviour, reason) => {
      platform.behaviours.push(behaviour);
      expect(await execute({ timeoutMs: 200 })).toEqual({ outcome: 'unknown', reason: expect.stringMatching(reason) });
      expect(platform.done).toHaveLength(1);
    });

    it('is not waited for any more when somebody asks for it to be stopped', async () => {
      platform.behaviours.push({});
      const outcome = execute();
      await isAsked();
      watch.stop('requested by ada');
      expect(await outcome).toEqual({
        outcome: 'unknown',
        reason: 'stopped while it was running, requested by ada',
      });
    });

    it('was not sent when it was stopped before', async () => {
      watch.stop();
      expect(await execute()).toEqual({ outcome: 'failed', error: 'stopped before it was sent' });
      expect(platform.requests).toEqual([]);
    });
  });

  describe('whose worker is gone', () => {
    it('is found in the log: a reply that came while nobody listened counts', async () => {
      platform.behaviours.push({ says: [{ state: 'deployed', id: 9 }], waits: true });
      const first = adapter({ timeoutMs: 60_000 });
      const lost = first.execute(call(), watch);
      await isAsked();
      await first.close();
      watch.stop('its worker was stopped');
      expect(await lost).toMatchObject({ outcome: 'unknown' });
      await platform.speak();

      expect(await adapter().reconcile(call(), new Follower())).toEqual({ outcome: 'succeeded', result: '9' });
      expect(platform.requests).toHaveLength(1);
    });

    it('is waited for as long as it would have been', async () => {
      platform.behaviours.push({ says: [{ state: 'refused', id: 'no' }], waits: true });
      expect(await execute({ timeoutMs: 100 })).toMatchObject({ outcome: 'unknown' });
      const asking = adapter({ timeoutMs: 60_000 }).reconcile(call(), watch);
      await platform.speak();
      expect(await asking).toEqual({ outcome: 'failed', error: 'the platform says "refused": no', covers: 'call' });
    });

    it('stays unknown when the time is over and nothing was said', async () => {
      const asked = adapter({ timeoutMs: 100, catchUpMs: 100 }).reconcile(call({ started_at: atMillis(0) }), watch);
      expect(await asked).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('has not replied') });
      expect(platform.requests).toEqual([]);
    });
  });

  it('is known to the instance that made it, whichever instance its reply was delivered to', async () => {
    platform.behaviours.push({}, {});
    const [one, other] = [adapter(), adapter()];
    const both = [one.execute(call(), watch), other.execute(call({ id: 'execution-2' }), watch)];
    await expect.poll(() => platform.requests.length, soon).toBe(2);
    for (const id of ['execution-2', 'execution-1'])
      await platform.say({ 'correlation-id': id }, { state: 'deployed', id });
    expect(await Promise.all(both)).toMatchObject([{ result: 'execution-1' }, { result: 'execution-2' }]);
  });

  it.each<[Error, Outcome]>([
    [new TerminalError('not_publishable', 'too large'), { outcome: 'failed', error: 'nothing was sent: too large' }],
    [new RetryableError('no broker'), { outcome: 'unknown', reason: 'the request may have been sent: no broker' }],
  ])('that the log does not take, with %s, is told apart', async (error, outcome) => {
    const refusing: Bus = Object.assign(Object.create(bus) as Bus, {
      subscribe: bus.subscribe.bind(bus),
      publish: vi.fn().mockRejectedValue(error),
    });
    expect(await adapter({}, refusing).execute(call(), watch)).toEqual(outcome);
  });

  describe('while the topics of the platform are not there', () => {
    /** As Kafka has it: whoever listens there waits for them, too. */
    const withoutTopics = (listening = { joined: false, close: async () => {} }) => {
      const publish = vi.fn(bus.publish.bind(bus));
      const subscribe = (options: Parameters<Bus['subscribe']>[0]) => {
        const real = bus.subscribe(options);
        return Object.assign(listening, { close: () => real.close() });
      };
      return { listening, publish, on: Object.assign(Object.create(bus) as Bus, { subscribe, publish }) };
    };

    it('is not sent, and may be tried again', async () => {
      const { on, publish } = withoutTopics();
      expect(await adapter({ patienceMs: 50 }, on).execute(call(), watch)).toEqual({
        outcome: 'failed',
        error: `nothing was sent: "${topic}" and "${replyTopic}" are not there, or the broker cannot be reached`,
        retryable: true,
      });
      expect(publish).not.toHaveBeenCalled();
    });

    it('is sent once they are', async () => {
      const { listening, on } = withoutTopics();
      const asked = adapter({}, on).execute(call(), watch);
      await expect(Promise.race([asked, Promise.resolve('waits')])).resolves.toBe('waits');
      listening.joined = true;
      expect(await asked).toMatchObject({ outcome: 'succeeded' });
    });

    it('can be stopped before it is sent', async () => {
      const { on, publish } = withoutTopics();
      const asked = adapter({}, on).execute(call(), watch);
      watch.stop();
      expect(await asked).toEqual({ outcome: 'failed', error: 'stopped before it was sent' });
      expect(publish).not.toHaveBeenCalled();
    });
  });
});
