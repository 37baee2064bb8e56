import { after, millisOf } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelError } from '../model/model.js';
import { call, callIn, callTo, requested, byCaller, text } from '../../test/run.fixtures.js';
import type { RunMessage } from '../run/messages.js';
import { Given, request, soon } from '../../test/runner.fixtures.js';

const lone = request('run-1');
const cancel: RunMessage = { type: 'cancel_requested', reason: 'not needed' };

let given: Given;
beforeEach(() => void (given = new Given()));
afterEach(() => given.close());

/** What was published, each event once: until a relay has done its work a commit hands older ones over again. */
const typesOf = () => [...new Map(given.published.map(({ id, type }) => [id, type])).values()];

describe('the runner', () => {
  it('asks the model in the same breath as it takes a run on, and stores the answer', async () => {
    const { state } = await given.open().runner.handle('run-1', lone);
    expect(state).toMatchObject({ status: 'RUNNING', version: 1 });
    const question = await given.model.asked();
    expect(question.conversation).toEqual([{ type: 'message', role: 'user', content: 'Deploy it.' }]);
    question.answer(text('Hello.'));
    expect(await given.until({ status: 'COMPLETED' })).toMatchObject({ content: 'Hello.', turn: 0, lease: null });
    expect(typesOf()).toEqual(['run.started', 'run.completed']);
  });

  it('lets users take turns, however many runs one of them has waiting', async () => {
    const { runner, pool } = given.open({ size: 1 });
    pool.start();
    for (let n = 0; n < 40; n += 1) await runner.handle(`alice-${n}`, request(`alice-${n}`, { user_id: 'alice' }));
    await runner.handle('bob-1', request('bob-1', { user_id: 'bob' }));
    const begun: string[] = [];
    for (let n = 1; n <= 4; n += 1) {
      const question = await given.model.asked(n);
      const running = await given.store.find({ filter: { status: 'RUNNING' }, sort: [], limit: 2 });
      begun.push(...running.map(({ run_id }) => run_id));
      question.answer(text('Done.'));
      await given.until({ status: 'COMPLETED' }, running[0]!.run_id);
    }
    expect(begun).toHaveLength(4);
    expect(begun.slice(1)).toContain('bob-1');
  });

  it('takes a request that arrives twice as one', async () => {
    const { runner } = given.open();
    await runner.handle('run-1', lone);
    expect((await runner.handle('run-1', lone)).kind).toBe('ignored');
    (await given.model.asked()).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
    expect(given.model.questions).toHaveLength(1);
  });

  it('asks again at once when the model has to correct a call', async () => {
    await given.open().runner.handle('run-1', lone);
    (await given.model.asked()).answer(call('call_a', 'no such name!'));
    const { conversation } = await given.model.asked(2);
    expect(conversation.at(-1)).toMatchObject({ type: 'function_call_output', call_id: 'call_a' });
  });

  it('wants the text while it is written only for a run that somebody watches', async () => {
    const { runner, previewed } = given.open();
    await runner.handle('run-1', request('run-1', { streamed: true }));
    const watched = await given.model.asked();
    watched.onText!('Hel');
    watched.onText!('lo.');
    expect(previewed).toEqual([
      { step: 0, offset: 0, text: 'Hel' },
      { step: 0, offset: 3, text: 'lo.' },
    ]);
    await runner.handle('run-2', request('run-2'));
    expect((await given.model.asked(2)).onText).toBeUndefined();
  });

  it('asks nothing while the run waits for an approval', async () => {
    const { runner, pool } = given.open();
    pool.start();
    await runner.handle('run-1', lone);
    (await given.model.asked()).answer(call('call_a'));
    await given.until({ status: 'PAUSED' });
    given.clock = after(given.clock, 3_600_000);
    const find = vi.spyOn(given.store, 'find');
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(2), soon);
    expect(given.model.questions).toHaveLength(1);
  });

  it('stores a run for which it has no place, and asks once there is one', async () => {
    const { runner, pool } = given.open({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    expect(runner.isFull).toBe(true);
    const { state } = await runner.handle('run-1', lone);
    expect(state).toMatchObject({ status: 'PENDING', due_at: given.clock });
    expect(given.model.questions).toHaveLength(0);
    place.release();
    (await given.model.asked()).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
  });
});

describe('a lease', () => {
  it('is extended for as long as the model thinks', async () => {
    await given.open({ leaseMs: 30 }).runner.handle('run-1', lone);
    await given.model.asked();
    given.clock = after(given.clock, 1_000_000);
    await expect.poll(async () => (await given.run()).lease?.expires_at, soon).toBe(given.clock + 30);
  });

  it('that another worker has taken over stops the model, and leaves the run to that one', async () => {
    const { runner, runs, stop } = given.open({ leaseMs: 60 });
    await runner.handle('run-1', lone);
    const question = await given.model.asked();
    given.clock = (await given.run()).lease!.expires_at;
    const takenOver: RunMessage = { type: 'claimed', worker: 'elsewhere', lease_ms: 3_600_000 };
    await expect.poll(async () => (await runs.execute('run-1', takenOver)).kind, soon).toBe('changed');
    await expect.poll(() => question.signal.aborted, soon).toBe(true);
    await stop();
    expect(await given.run()).toMatchObject({ status: 'RUNNING', lease: { worker: 'elsewhere' } });
  });

  it('of a process that died lets another take its run over, and not before it is over', async () => {
    const dead = given.open();
    await dead.runner.handle('run-1', lone);
    await given.model.asked();
    dead.store.crash();
    const { pool, tookOver } = given.open();
    const find = vi.spyOn(given.store, 'find');
    pool.start();
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(2), soon);
    expect(given.model.questions).toHaveLength(1);
    expect(tookOver).not.toHaveBeenCalled();
    given.clock = after(given.clock, 30_000);
    (await given.model.asked(2)).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
    expect(tookOver).toHaveBeenCalledOnce();
  });

  it('keeps two processes from both continuing a run, even when the first only slept', async () => {
    const [first, second] = [given.open(), given.open()];
    await first.runner.handle('run-1', lone);
    const question = await given.model.asked();
    given.clock = after(given.clock, 30_000);
    second.pool.start();
    const again = await given.model.asked(2);
    question.answer(text('From the first.'));
    await first.stop();
    expect(await given.run()).toMatchObject({ status: 'RUNNING', steps: 0 });
    again.answer(text('From the second.'));
    await given.until({ status: 'COMPLETED', content: 'From the second.' });
  });

  it('is had by one of many that claim the same run at once', async () => {
    await given.open({ size: 0 }).runner.handle('run-1', lone);
    for (const { pool } of [given.open(), given.open(), given.open()]) pool.start();
    (await given.model.asked()).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
    expect(given.model.questions).toHaveLength(1);
  });
});

describe('a model that does not answer', () => {
  it('is asked again later and later, after a minute at most', async () => {
    const { runner, pool } = given.open();
    pool.start();
    await runner.handle('run-1', lone);
    for (const [n, seconds] of [5, 10, 20, 40, 60, 60].entries()) {
      (await given.model.asked(n + 1)).fail(new ModelError('overloaded', 5_000));
      const run = await given.until({ status: 'PENDING', failures: n + 1, error: 'overloaded' });
      const waits = run.due_at! - given.clock;
      expect(waits).toBeGreaterThanOrEqual(Math.max(5_000, millisOf(seconds) / 2));
      expect(waits).toBeLessThanOrEqual(millisOf(seconds));
      given.clock = after(given.clock, waits);
    }
    (await given.model.asked(7)).answer(text('Hello.'));
    expect(await given.until({ status: 'COMPLETED' })).toMatchObject({ error: null, failures: 0 });
  });

  it('is left alone for as long as it says, even when that is longer than a minute', async () => {
    const { runner, pool } = given.open();
    pool.start();
    await runner.handle('run-1', lone);
    (await given.model.asked()).fail(new ModelError('429 slow down', 300_000));
    expect((await given.until({ status: 'PENDING' })).due_at).toBe(given.clock + 300_000);
    given.clock = after(given.clock, 300_000);
    (await given.model.asked(2)).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
  });

  it('and never will, ends the run', async () => {
    await given.open().runner.handle('run-1', lone);
    (await given.model.asked()).fail(new ModelError('401 wrong key', null));
    await given.until({ status: 'ERROR', error: '401 wrong key' });
    expect(typesOf()).toEqual(['run.started', 'run.failed']);
  });
});

describe('a cancelled run', () => {
  it('stops the model', async () => {
    const { runner, stop } = given.open();
    await runner.handle('run-1', lone);
    const question = await given.model.asked();
    await runner.handle('run-1', cancel);
    expect(question.signal.aborted).toBe(true);
    await stop();
    expect(await given.run()).toMatchObject({ status: 'CANCELLED', error: 'not needed' });
    expect(typesOf()).toEqual(['run.started', 'run.cancelled']);
  });

  it('stops the calls that are being made, gated or not', async () => {
    const { runner, hold } = given.open();
    const [lookUp, send] = [hold('look_up'), hold('send')];
    await runner.handle('run-1', lone);
    (await given.model.asked()).answer(callTo('look_up', 'call_a'), callTo('send', 'call_b'));
    const made = await lookUp.called();
    await runner.handle(
      'run-1',
      byCaller({ id: callIn(await given.until({ steps: 1 }), 'call_b').id, confirmed: true }),
    );
    const gated = await send.called();
    await runner.handle('run-1', cancel);
    expect([made.signal.aborted, gated.signal.aborted]).toEqual([true, true]);
  });

  it('still takes how a gated call of it ended', async () => {
    const { runner, hold } = given.open();
    const send = hold('send');
    await runner.handle('run-1', lone);
    (await given.model.asked()).answer(callTo('send', 'call_a'));
    await runner.handle(
      'run-1',
      byCaller({ id: callIn(await given.until({ status: 'PAUSED' }), 'call_a').id, confirmed: true }),
    );
    const gated = await send.called();
    await runner.handle('run-1', cancel);
    gated.end('sent');
    await expect.poll(async () => callIn(await given.run(), 'call_a').state, soon).toBe('answered');
    expect(await given.run()).toMatchObject({
      status: 'CANCELLED',
      calls: [{ tool_execution: { result: 'sent' } }],
    });
  });

  it('stops what works on it in another process, once that sees that the run changed', async () => {
    const [here, there] = [given.open(), given.open()];
    await here.runner.handle('run-1', lone);
    const question = await given.model.asked();
    await there.runner.handle('run-1', cancel);
    expect(question.signal.aborted).toBe(false);
    await here.runner.look('run-1', 1);
    expect(question.signal.aborted).toBe(false);
    await here.runner.look('run-1');
    expect(question.signal.aborted).toBe(true);
    await here.runner.look('a run that nobody works on');
  });
});

describe('a deadline', () => {
  const late = 'the deadline of the run has passed';

  it('ends a run that is being worked on', async () => {
    const { runner } = given.open({ leaseMs: 30 });
    await runner.handle('run-1', request('run-1', { deadline_at: after(given.clock, 60_000) }));
    const question = await given.model.asked();
    given.clock = after(given.clock, 60_000);
    await given.until({ status: 'ERROR', error: late });
    expect(question.signal.aborted).toBe(true);
  });

  it('is looked at when it comes, not when the lease is next extended', async () => {
    const { runner } = given.open({ leaseMs: 3_600_000 });
    await runner.handle('run-1', request('run-1', { deadline_at: after(given.clock, 1) }));
    given.clock = after(given.clock, 1);
    await given.until({ status: 'ERROR', error: late });
  });

  it.each(['paused', 'waiting for the model'])('ends a run that is %s', async (how) => {
    const { runner, pool } = given.open();
    pool.start();
    await runner.handle('run-1', request('run-1', { deadline_at: after(given.clock, 60_000) }));
    const question = await given.model.asked();
    if (how === 'paused') question.answer(call('call_a'));
    else question.fail(new ModelError('429 slow down', 3_600_000));
    await given.until({ lease: null, due_at: after(given.clock, 60_000) });
    given.clock = after(given.clock, 60_000);
    await given.until({ status: 'ERROR', error: late });
    expect(given.model.questions).toHaveLength(1);
  });

  it('ends a run that never found a worker', async () => {
    await given.open({ size: 0 }).runner.handle('run-1', request('run-1', { deadline_at: after(given.clock, 1) }));
    given.clock = after(given.clock, 60_000);
    given.open().pool.start();
    await given.until({ status: 'ERROR', error: late });
    expect(given.model.questions).toHaveLength(0);
  });
});

describe('a process that stops', () => {
  it('hands its runs back, so that another takes them on at once', async () => {
    const first = given.open();
    await first.runner.handle('run-1', lone);
    await given.model.asked();
    await first.stop();
    expect(await given.run()).toMatchObject({ status: 'PENDING', lease: null, due_at: given.clock, failures: 0 });
    given.open().pool.start();
    (await given.model.asked(2)).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
  });

  it('stores what still arrives, without working on it', async () => {
    const { runner, stop } = given.open();
    await stop();
    await runner.handle('run-1', requested);
    expect(await given.run()).toMatchObject({ status: 'PENDING' });
  });
});
