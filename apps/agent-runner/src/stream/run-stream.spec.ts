import type { Run } from '@countersign/contracts/runs';
import { toEpochSeconds } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { goldenEvent, openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  call,
  callIn,
  callTo,
  claimed,
  completed,
  continued,
  failed,
  now,
  requested,
  resolved,
  responded,
  runAfter,
  text,
  worker,
} from '../../test/run.fixtures.js';
import type { RunMessage } from '../run/messages.js';
import { beginning, endOf, positionOf, RunStream, type StreamedEvent, type StreamOptions } from './run-stream.js';
import type { CallUpdate } from './call-preview.js';
import { Listeners } from '../dispatch/listeners.js';
import { RunWatch } from './run-watch.js';
import { silent } from '../../test/runner.fixtures.js';
import { TextPreview, type TextDelta } from './text-preview.js';

/** Counts who listens. */
class CountedPreview extends TextPreview {
  listening = 0;
  override listen(runId: string, listener: (delta: TextDelta) => void): () => void {
    this.listening += 1;
    const end = super.listen(runId, listener);
    return () => {
      this.listening -= 1;
      end();
    };
  }
}

const ended = (id: string): RunMessage => ({ type: 'call_ended', worker, call: id, output: 'found', failed: false });
const contentOf = ({ data }: StreamedEvent) => (data as { content: string }).content;
const textOf = (events: readonly StreamedEvent[]) =>
  events
    .filter(({ event }) => event === 'RunContent')
    .map(contentOf)
    .join('');
const namesOf = (events: readonly StreamedEvent[]) => events.map(({ event }) => event);

let close: () => void;
let store: Store<Run>;
let stopping: AbortController;
let watch: RunWatch;
let preview: CountedPreview;
let calls: Listeners<CallUpdate>;
let stream: RunStream;
beforeEach(() => {
  const temporary = openTemporaryDatabase();
  close = temporary.close;
  store = temporary.database.collection<Run>({ name: 'runs', key: 'run_id', indexes: [] }).store;
  stopping = new AbortController();
  watch = new RunWatch(store, stopping.signal);
  const bus = { tail: () => expect.unreachable('it is alone') } as unknown as ConstructorParameters<
    typeof TextPreview
  >[0];
  preview = new CountedPreview(bus, true, silent, () => now);
  calls = new Listeners();
  stream = new RunStream(store, watch, preview, { listen: (id, listener) => calls.add(id, listener) });
});
afterEach(() => close());

async function save(run: Run): Promise<Run> {
  const expected = (await store.get(run.run_id))?.version ?? 0;
  await store.commit({ expected, state: { ...run, version: expected + 1 }, events: [] });
  watch.changed(run.run_id);
  return run;
}
const advance = async (run: Run, ...messages: RunMessage[]) => save(continued(run, now, ...messages));

/** Reads on until the stream has nothing more to say now, or is over. */
class Reader {
  readonly events: StreamedEvent[] = [];
  over = false;
  readonly #generator;
  constructor(options: Partial<StreamOptions> = {}) {
    this.#generator = stream.events('run-1', { after: beginning, until: 'end', ...options });
  }

  /** Asks for one more; what comes is an event, or undefined while nothing happens. */
  async next(): Promise<StreamedEvent | undefined> {
    const { value, done } = await this.#generator.next();
    this.over = done ?? false;
    if (value) this.events.push(value);
    return value ?? undefined;
  }
  async untilIdle(): Promise<void> {
    while ((await this.next()) && !this.over);
  }
  async untilOver(): Promise<StreamedEvent[]> {
    while (!this.over) await this.next();
    return this.events;
  }
  leave(): Promise<unknown> {
    return this.#generator.return();
  }
}
const all = (options: Partial<StreamOptions> = {}) => new Reader(options).untilOver();

/** Says something, looks something up, pauses for a deployment, and answers. */
function told(): Run {
  const asked = runAfter(
    requested,
    claimed,
    responded(text('Let me see. '), callTo('look_up', 'call_a'), call('call_b')),
  );
  const paused = continued(asked, now, ended(callIn(asked, 'call_a').id));
  const approved = resolved(callIn(paused, 'call_b'), 'approved');
  return continued(paused, now, approved, completed(callIn(paused, 'call_b')), claimed, responded(text('It is out.')));
}

describe('the events of a run', () => {
  it('are sent in order, each with what an agno client expects and an id that the next is read on from', async () => {
    await save(told());
    const events = await all();
    expect(events.map(({ id, event }) => [id, event])).toEqual([
      ['0', 'RunStarted'],
      ['0.12', 'RunContent'],
      ['1', 'RunContentCompleted'],
      ['2', 'ToolCallStarted'],
      ['3', 'ToolCallCompleted'],
      ['4', 'RunPaused'],
      ['5', 'ToolCallStarted'],
      ['6', 'ToolCallCompleted'],
      ['7', 'RunContinued'],
      ['7.10', 'RunContent'],
      ['8', 'RunContentCompleted'],
      ['9', 'RunCompleted'],
    ]);
    for (const { event, data } of events)
      expect(data).toMatchObject({
        event,
        run_id: 'run-1',
        agent_id: 'ops',
        session_id: 'session-1',
        created_at: toEpochSeconds(now),
      });
    expect(events[4]!.data).toMatchObject({ tool: { tool_call_id: 'call_a', result: 'found' }, content: 'found' });
    expect(events[3]!.data).toMatchObject({ tool: { tool_call_id: 'call_a', result: null } });
    expect(events[5]!.data).toMatchObject({
      tools: [{ tool_call_id: 'call_b' }],
      requirements: [{ tool_execution: { tool_call_id: 'call_b', approval_type: 'required' } }],
    });
    expect(events.at(-1)!.data).toMatchObject({ content: 'It is out.' });
  });

  it('are the same when they are read in two parts, wherever the first breaks off', async () => {
    await save(told());
    const events = await all();
    for (const [n, { id }] of events.entries()) {
      const rest = await all({ after: positionOf(id) });
      expect([...events.slice(0, n + 1), ...rest]).toEqual(events);
    }
  });

  it('go on within a text, whatever part of it was read', async () => {
    await save(told());
    const whole = await all();
    const whatFollows = namesOf(whole.slice(2));
    for (let characters = 0; characters <= 12; characters++) {
      const rest = await all({ after: positionOf(`0.${characters}`) });
      expect('Let me see. '.slice(0, characters) + textOf(rest)).toBe('Let me see. It is out.');
      expect(namesOf(rest).filter((name, n) => n > 0 || name !== 'RunContent')).toEqual(whatFollows);
    }
  });

  it('are sent from the beginning to whoever names an id that is none', async () => {
    await save(told());
    for (const id of [undefined, '', 'x', '-1', '1.2.3', '1'.repeat(20)]) expect(positionOf(id)).toEqual(beginning);
    expect(await all({ after: positionOf('99') })).toEqual([]);
  });

  it('can be read from their present end on', async () => {
    const run = await save(told());
    expect(await all({ after: endOf(run) })).toEqual([]);
  });

  it('of a run that there is not are none', async () => {
    expect(await all()).toEqual([]);
  });

  it('hide the arguments that a tool declares as not for everybody', async () => {
    const asked = runAfter(requested, claimed, responded(callTo('grant', 'call_a')));
    const tool_args = { what: 'it', hours: 2, ticket: 'SECRET-1' };
    const run = continued(asked, now, resolved(callIn(asked, 'call_a'), 'approved', { tool_args }));
    await save(continued(run, now, completed(callIn(run, 'call_a'), 'granted'), claimed, responded(text('Done.'))));
    const events = await all();
    expect(namesOf(events)).toContain('RunPaused');
    expect(namesOf(events)).toContain('ToolCallCompleted');
    expect(JSON.stringify(events)).toContain('"ticket":"[redacted]"');
    expect(JSON.stringify(events.filter(({ event }) => event !== 'ToolCallCompleted'))).not.toContain('SECRET-1');
    expect(JSON.stringify(events)).not.toContain('SECRET-1');
  });

  it.each<[string, RunMessage[], object]>([
    ['RunCancelled', [{ type: 'cancel_requested', reason: 'not needed' }], { reason: 'not needed' }],
    ['RunError', [claimed, { type: 'model_failed', worker, error: '401', retry_after_ms: null }], { content: '401' }],
    ['RunCompleted', [claimed, responded(text('Hello.'))], { content: 'Hello.' }],
  ])('end with %s', async (event, messages, data) => {
    await save(runAfter(requested, ...messages));
    expect((await all()).at(-1)).toMatchObject({ event, data });
  });

  it('say of a call that failed why it did', async () => {
    const asked = runAfter(requested, claimed, responded(call('call_a')));
    await save(continued(asked, now, failed(callIn(asked, 'call_a'), 'exit code 1')));
    const reader = new Reader();
    await reader.untilIdle();
    expect(reader.events.find(({ event }) => event === 'ToolCallError')?.data).toMatchObject({
      error: expect.stringContaining('exit code 1'),
    });
    await reader.leave();
  });
});

describe('a stream that is read while the run goes on', () => {
  it('shows what happens as it is stored', async () => {
    const pending = await save(runAfter(requested));
    const reader = new Reader();
    await reader.untilIdle();
    expect(namesOf(reader.events)).toEqual(['RunStarted']);
    await advance(pending, claimed, responded(text('Hello.')));
    expect(namesOf(await reader.untilOver())).toEqual([
      'RunStarted',
      'RunContent',
      'RunContentCompleted',
      'RunCompleted',
    ]);
  });

  it('goes through a pause to the end, or until the pause, as it is asked to', async () => {
    const asked = await save(runAfter(requested, claimed, responded(call('call_a'))));
    const [throughPause, untilPause] = [new Reader(), new Reader({ until: 'pause' })];
    expect(namesOf(await untilPause.untilOver()).at(-1)).toBe('RunPaused');
    await throughPause.untilIdle();
    expect(throughPause.over).toBe(false);
    const decided = await advance(asked, resolved(callIn(asked, 'call_a'), 'approved'));
    const follower = new Reader({ until: 'pause', after: endOf(asked) });
    await follower.untilIdle();
    expect(follower.over).toBe(false);
    await advance(decided, completed(callIn(decided, 'call_a')), claimed, responded(text('Done.')));
    const rest = await follower.untilOver();
    expect(namesOf(rest).at(-1)).toBe('RunCompleted');
    expect((await throughPause.untilOver()).slice(-rest.length)).toEqual(rest);
  });

  it('shows text before it is stored, and then the rest without repeating any', async () => {
    const run = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    preview.write(run, 0, 'Hel');
    expect(await reader.next()).toMatchObject({ id: '0.3', event: 'RunContent', data: { content: 'Hel' } });
    preview.write(run, 3, 'lo, ');
    expect(await reader.next()).toMatchObject({ id: '0.7', data: { content: 'lo, ' } });
    await advance(run, responded(text('Hello, world.')));
    const events = await reader.untilOver();
    expect(textOf(events)).toBe('Hello, world.');
    expect(events.at(3)).toMatchObject({ id: '0.13', data: { content: 'world.' } });
    expect(events.at(4)).toMatchObject({ id: '1', event: 'RunContentCompleted', data: { content: 'Hello, world.' } });
  });

  it('shows what a call prints and how far it is, without an id to read on from, and not to agno’s clients', async () => {
    const asked = runAfter(requested, claimed, responded(call('call_b')));
    const approved = await save(continued(asked, now, resolved(callIn(asked, 'call_b'), 'approved')));
    const [reader, agnos] = [new Reader(), new Reader({ until: 'pause' })];
    await Promise.all([reader.untilIdle(), agnos.untilIdle()]);
    const last = reader.events.at(-1)!.id;
    const { data } = goldenEvent('tool.execution_progress');
    calls.notify('run-1', data);
    expect(await reader.next()).toEqual({
      event: 'ToolCallProgress',
      data: expect.objectContaining({ event: 'ToolCallProgress', ...data }),
    });
    await advance(approved, completed(callIn(approved, 'call_b')), claimed, responded(text('Done.')));
    const rest = (await reader.untilOver()).filter(({ event }) => event !== 'ToolCallProgress');
    expect(rest.slice(rest.findIndex(({ id }) => id === last) + 1)).toEqual(await all({ after: positionOf(last) }));
    expect(await agnos.untilOver()).toEqual(rest);
    expect(calls.has('run-1')).toBe(false);
  });

  it('can break off within text that is not stored yet, and go on elsewhere', async () => {
    const run = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    preview.write(run, 0, 'Hello, ');
    const last = await reader.next();
    await reader.leave();
    await advance(run, responded(text('Hello, world.')));
    expect(textOf([...reader.events, ...(await all({ after: positionOf(last!.id) }))])).toBe('Hello, world.');
  });

  it('shows no text that comes after a piece that was lost, until it is stored', async () => {
    const run = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    preview.write(run, 0, 'Hel');
    preview.write(run, 5, ' world');
    preview.write(run, 0, 'Hel');
    expect(contentOf((await reader.next())!)).toBe('Hel');
    await advance(run, responded(text('Hello world')));
    expect(textOf(await reader.untilOver())).toBe('Hello world');
  });

  it('does not show again what a second attempt at a step repeats', async () => {
    const run = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    preview.write(run, 0, 'Hello, w');
    await reader.next();
    preview.write(run, 0, 'Hello');
    preview.write(run, 5, ', world.');
    expect(contentOf((await reader.next())!)).toBe('orld.');
    await advance(run, responded(text('Hello, world.')));
    expect(textOf(await reader.untilOver())).toBe('Hello, world.');
  });

  it('ends with the text that counts when a second attempt says something else', async () => {
    const run = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    preview.write(run, 0, 'Good day to you.');
    await reader.next();
    await advance(run, responded(text('Hello.')));
    const completedText = (await reader.untilOver()).find(({ event }) => event === 'RunContentCompleted');
    expect(contentOf(completedText!)).toBe('Hello.');
  });

  it('sends what a text comes after first, when the text is quicker than its event', async () => {
    const looking = await save(
      runAfter(requested, claimed, responded(text('Let me see. '), callTo('look_up', 'call_a'))),
    );
    const reader = new Reader();
    await reader.untilIdle();
    expect(namesOf(reader.events).at(-1)).toBe('ToolCallStarted');
    const found = continued(looking, now, ended(callIn(looking, 'call_a').id));
    const expected = (await store.get('run-1'))!.version;
    await store.commit({ expected, state: { ...found, version: expected + 1 }, events: [] });
    preview.write(found, 0, 'It is');
    while (!textOf(reader.events).endsWith('It is')) await reader.next();
    expect(reader.events.slice(-2).map(({ id, event }) => [id, event])).toEqual([
      ['3', 'ToolCallCompleted'],
      ['3.5', 'RunContent'],
    ]);
    await reader.leave();
  });

  it('shows no text of which it is not known what it comes after, and asks for that once', async () => {
    const run = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    const ahead = { ...run, journal: [...run.journal, ...run.journal] };
    preview.write(ahead, 0, 'Good day');
    preview.write(run, 0, 'Hel');
    await reader.next();
    expect(await reader.next()).toMatchObject({ id: '0.3', data: { content: 'Hel' } });
    await advance(run, responded(text('Hello.')));
    expect(textOf(await reader.untilOver())).toBe('Hello.');
  });

  it('tells the text of each step once, however far its reader is behind', async () => {
    const first = await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    preview.write(first, 0, 'Let me');
    await reader.next();
    const looking = continued(first, now, responded(text('Let me see. '), callTo('look_up', 'call_a')));
    const second = continued(looking, now, ended(callIn(looking, 'call_a').id));
    preview.write(first, 6, ' see');
    // Its text arrives before the news that the run changed.
    const expected = (await store.get('run-1'))!.version;
    await store.commit({ expected, state: { ...second, version: expected + 1 }, events: [] });
    preview.write(second, 0, 'It is');
    while (!textOf(reader.events).endsWith('It is')) await reader.next();
    await advance(second, responded(text('It is there.')));
    const events = await reader.untilOver();
    expect(textOf(events)).toBe('Let me see. It is there.');
    expect(namesOf(events)).toEqual([
      'RunStarted',
      'RunContent',
      'RunContent',
      'RunContent',
      'RunContentCompleted',
      'ToolCallStarted',
      'ToolCallCompleted',
      'RunContent',
      'RunContent',
      'RunContentCompleted',
      'RunCompleted',
    ]);
  });

  it('ends when the process stops, after what is stored by then', async () => {
    await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    const rest = reader.untilOver();
    stopping.abort();
    expect(namesOf(await rest)).toEqual(['RunStarted']);
    expect(namesOf(await all())).toEqual(['RunStarted']);
    expect(preview.listening).toBe(0);
  });

  it('listens no longer once its reader leaves', async () => {
    await save(runAfter(requested, claimed));
    const reader = new Reader();
    await reader.untilIdle();
    expect(preview.listening).toBe(1);
    await reader.leave();
    expect(preview.listening).toBe(0);
  });
});
