import { previews } from '@countersign/contracts/event-log';
import { eventNames, type Event, type EventName, type HiddenArguments } from '@countersign/contracts';
import { millisOf } from '@countersign/contracts/time';
import { encode, type Delivery, type TailOptions, type Message } from '@countersign/messaging';
import { goldenEvent } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from './event-log.js';
import { Latest } from './latest.js';
import { shownEvent } from './shown-event.js';

/** Nothing is declared here as not for everybody's eyes. */
const nothing = () => [];

let offset = 0;
const delivered = (message: Message): Delivery => ({
  ...message,
  partition: 0,
  offset: String(offset++),
  timestamp: 0,
});
const at = <N extends EventName>(name: N, seconds: number, id = `${name}/${seconds}`): Event => ({
  ...goldenEvent(name),
  id,
  time: new Date(1_800_000_000_000 + millisOf(seconds)).toISOString(),
});

describe('the event log', () => {
  let tailed: TailOptions;
  let log: EventLog;
  let stopping: AbortController;
  let joined: boolean;
  beforeEach(() => {
    joined = false;
    stopping = new AbortController();
    log = new EventLog(stopping.signal, nothing);
    log.tail({
      tail(options) {
        tailed = options;
        return {
          get joined() {
            return joined;
          },
          close: async () => {},
        };
      },
    });
  });
  afterEach(() => stopping.abort());
  const happens = (...events: Event[]) => events.forEach((event) => tailed.handle(delivered(encode(event))));
  const ids = (...query: Parameters<EventLog['list']>) => log.list(...query).map(({ id }) => id);

  it('follows every event but previews and what the record says, and begins with the latest', () => {
    expect(tailed.topics).toEqual(eventNames.filter((name) => !previews.has(name) && !name.startsWith('audit.')));
    expect(tailed.last).toBeGreaterThan(0);
  });

  it('costs no more for many readers that stop reading than for one, and each of them resumes', async () => {
    const readers = Array.from({ length: 400 }, () => log.events({}));
    for (const reader of readers) await reader.next();
    const large = (n: number): Event =>
      ({
        ...at('run.started', n),
        data: { ...goldenEvent('run.started').data, input: `${n}`.padEnd(100_000) },
      }) as Event;
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 2_000; n += 1) happens(large(n));
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(grown, 'of 200 MB that came').toBeLessThan(100_000_000);
    for (const reader of readers) expect(await reader.next()).toEqual({ value: undefined, done: true });
    const [last] = log.list({}, 1);
    happens(large(2_000));
    const resumed = log.events({}, last!.id);
    expect((await resumed.next()).value).toMatchObject({ id: 'run.started/2000' });
    await resumed.return();
  });

  it('is not ready before it has read anything, and then is', async () => {
    await expect(log.check()).rejects.toThrow('yet');
    joined = true;
    await log.check();
    joined = false;
    await log.check();
  });

  it('has each event once, newest first, whatever the order in which topics were read', () => {
    const [first, second, third] = [at('run.started', 1), at('run.paused', 2), at('run.continued', 3)];
    happens(third, first, second, first);
    expect(ids({}, 100)).toEqual([third, second, first].map(({ id }) => id));
    expect(ids({}, 1)).toEqual([third.id]);
  });

  it('is narrowed to kinds of events and to a run', () => {
    const other = {
      ...at('run.started', 3, 'other'),
      key: 'run-2',
      data: { ...goldenEvent('run.started').data, run_id: 'run-2' },
    };
    happens(at('run.started', 1), at('run.paused', 2), other);
    expect(ids({ type: ['run.started'] }, 100)).toEqual(['other', 'run.started/1']);
    expect(ids({ run_id: 'run-2' }, 100)).toEqual(['other']);
  });

  it('has what happened also when somebody wrote other bytes with its id before', () => {
    const happened = at('run.cancelled', 2);
    const made = { ...happened, data: { ...goldenEvent('run.cancelled').data, reason: 'made up' } };
    happens(made, happened, happened);
    expect(log.list({}, 100).map(({ data }) => data['reason'])).toContain(goldenEvent('run.cancelled').data.reason);
    expect(ids({}, 100)).toHaveLength(2);
  });

  it('leaves out what is no event', () => {
    tailed.handle(delivered({ topic: 'run.started', key: 'x', headers: {}, value: Buffer.from('{') }));
    expect(log.list({}, 100)).toEqual([]);
  });

  it('tells who listens what happens, from where they left off on', async () => {
    happens(at('run.started', 1), at('run.paused', 2), at('run.continued', 3));
    const heard = async (events: ReturnType<EventLog['events']>, count: number) => {
      const got: string[] = [];
      for await (const event of events) {
        if (event) got.push(event.id!);
        if (got.length === count) break;
      }
      return got;
    };
    const resumed = heard(log.events({}, 'run.started/1'), 3);
    const fresh = heard(log.events({ type: ['run.completed'] }), 1);
    happens(at('run.completed', 4));
    expect(await resumed).toEqual(['run.paused/2', 'run.continued/3', 'run.completed/4']);
    expect(await fresh).toEqual(['run.completed/4']);
  });

  it('ends its streams when the process begins to stop', async () => {
    const events = log.events({});
    await events.next();
    stopping.abort();
    expect(await events.next()).toMatchObject({ done: true });
  });
});

describe('the latest messages', () => {
  const message = (n: number, bytes: number): Delivery =>
    delivered({ topic: 't', key: null, headers: { ce_id: `e${n}` }, value: Buffer.alloc(bytes) });

  it('are so many that they fit into memory', () => {
    const few = new Latest();
    for (let n = 0; n < 40; n += 1) few.add(message(n, 1024 * 1024));
    expect(few.all().length).toBe(16);
    const many = new Latest();
    for (let n = 0; n < 3_000; n += 1) many.add(message(n, 10));
    expect(many.all().map(({ headers }) => headers['ce_id'])).toEqual(
      Array.from({ length: 2_000 }, (_, n) => `e${n + 1_000}`),
    );
  });

  it('after one that is gone are all of them', () => {
    const latest = new Latest();
    latest.add(message(1, 1));
    expect([latest.after('e1').length, latest.after('gone').length]).toEqual([0, 1]);
  });
});

describe('an event that is shown', () => {
  const secret = 'hunter2';
  const args = { service_name: 'auth-service', version: secret };

  it.each(eventNames)('is whole: %s', (name) => {
    const { id, type, time, data } = goldenEvent(name);
    const shown = shownEvent(goldenEvent(name), nothing);
    expect(shown).toMatchObject({ id, type, time });
    const { token: _token, signature: _signature, salt: _salt, ...rest } = data as Record<string, unknown>;
    expect(Object.keys(shown.data)).toEqual(Object.keys(rest));
  });

  it('has no argument that is not for everybody’s eyes', () => {
    const request = goldenEvent('tool.approval_required');
    const tool_execution = { ...request.data.requirement.tool_execution, tool_args: args, redact: ['version'] };
    const requirement = { ...request.data.requirement, tool_execution };
    const created = goldenEvent('approval.created');
    const resolved = goldenEvent('approval.resolved');
    const resolution_data = { values: { version: secret }, tool_args: args, grant: { expires_in: 1, arguments: args } };
    const events: Event[] = [
      { ...request, data: { ...request.data, tool_args: args, requirement } },
      { ...created, data: { ...created.data, tool_args: args, requirements: [requirement] } },
      { ...resolved, data: { ...resolved.data, tool_args: args, redact: ['version'], resolution_data } },
    ];
    for (const event of events) {
      const shown = shownEvent(event, nothing);
      expect(JSON.stringify(shown), event.type).not.toContain(secret);
      expect(shown.data).toMatchObject({ tool_args: { service_name: 'auth-service', version: '[redacted]' } });
    }
  });

  describe.each<[string, HiddenArguments]>([
    ['as it is declared here', () => ['version']],
    ['of a tool that is not known here', () => 'all'],
  ])('whose message names less than is to be hidden, %s,', (_, hidden) => {
    const request = goldenEvent('tool.approval_required');
    const tool_execution = { ...request.data.requirement.tool_execution, tool_args: args, redact: [] };
    const requirement = { ...request.data.requirement, tool_execution };
    const resolution_data = { values: { version: secret }, tool_args: args, grant: { expires_in: 1, arguments: args } };
    const saw = [{ path: 'version.major', value: secret }];
    const policy = { version: 'f00d', rule: null, outcome: 'require' as const, saw };
    const requirements = [requirement];
    const change = {
      'run.paused': { requirements },
      'run.failed': { requirements },
      'run.cancelled': { requirements },
      'tool.approval_required': { tool_args: args, requirement },
      'approval.created': {
        tool_args: args,
        approved_args: args,
        requirements,
        resolution_data,
        policy,
        shadow: policy,
      },
      'approval.rejudged': { policy },
      'approval.resolved': { tool_args: args, redact: [], resolution_data },
    };

    it.each(Object.keys(change) as (keyof typeof change)[])('shows none of it: %s', (name) => {
      const event = { ...goldenEvent(name), data: { ...goldenEvent(name).data, ...change[name] } } as Event;
      expect(JSON.stringify(shownEvent(event, nothing))).toContain(secret);
      expect(JSON.stringify(shownEvent(event, hidden))).not.toContain(secret);
    });
  });

  it('has neither the token of a command nor the values that it gives', () => {
    const command = goldenEvent('approval.resolve_requested');
    const resolution_data = { note: 'fine', tool_args: args, values: { password: secret } };
    const shown = shownEvent({ ...command, data: { ...command.data, token: secret, resolution_data } }, nothing);
    expect(JSON.stringify(shown)).not.toContain(secret);
    expect(shown.data).toMatchObject({ resolution_data: { note: 'fine', values: { password: '[redacted]' } } });
    expect(shown.data).not.toHaveProperty('token');
  });

  it('has no signature, which would let its reader act on it', () => {
    const resolved = goldenEvent('approval.resolved');
    expect(
      shownEvent({ ...resolved, data: { ...resolved.data, signature: 'a.b.c' } }, nothing).data,
    ).not.toHaveProperty('signature');
  });
});
