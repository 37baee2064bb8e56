import type { ConversationItem, Event, Run } from '@countersign/contracts';
import { Aggregate, WorkPool, type Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelError, type Model } from './model.js';
import { agent, call, requested, responded, text } from './run.given.js';
import { decideRun, type ModelResponse, type RunMessage } from './run.js';
import { Runner } from './runner.js';

const soon = { timeout: 5_000, interval: 5 };
const answer = (...items: ConversationItem[]): ModelResponse => responded(...items).response;

/** A question that the model was asked, to be answered by the test. */
interface Question {
  conversation: readonly ConversationItem[];
  signal: AbortSignal;
  answer(response: ModelResponse): void;
  fail(error: Error): void;
}

/** Asks the test; like a real one it stops when it is told to. */
class AskedModel implements Model {
  readonly description = 'the test';
  readonly questions: Question[] = [];

  respond(_agent: unknown, conversation: readonly ConversationItem[], signal: AbortSignal): Promise<ModelResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ModelResponse>();
    signal.addEventListener('abort', () => reject(new ModelError('aborted', 5_000)));
    this.questions.push({ conversation, signal, answer: resolve, fail: reject });
    return promise;
  }

  /** Waits for the nth question. */
  async asked(n = 1): Promise<Question> {
    await expect.poll(() => this.questions.length, soon).toBe(n);
    return this.questions[n - 1]!;
  }
}

describe('the runner', () => {
  let close: () => void;
  let clock: number;
  let published: Event[];
  let store: Store<Run>;
  let runs: Aggregate<Run, RunMessage>;
  let stops: (() => Promise<void>)[];
  let model: AskedModel;
  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    const collection = { name: 'runs', key: 'run_id' as const, indexes: [['due_at']] };
    store = temporary.database.collection<Run>(collection).store;
    [clock, published, stops, model] = [1_000_000, [], [], new AskedModel()];
    const publish = (events: readonly Event[]) => void published.push(...events);
    runs = new Aggregate({ collection, store, decide: decideRun, source: '/runner', publish, now: () => clock });
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    close();
  });

  /** A runner as one process has it; two of them share the store as two processes do. */
  function open({ size = 4, leaseMs = 30_000, agents = new Map([[agent.id, agent]]) } = {}) {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const runner: Runner = new Runner({ runs, pool: () => pool, agents, model, leaseMs, log });
    const attend: ConstructorParameters<typeof WorkPool<Run>>[0]['attend'] = (run, place) => runner.attend(run, place);
    const pool = new WorkPool<Run>({ store, size, now: () => clock, log, attend, pollEvery: 5 });
    stops.push(() => pool.stop(1_000));
    return { runner, pool };
  }
  const run = async () => (await store.get('run-1'))!;
  const status = async () => (await run()).status;
  /** What was published, each event once: until the relay has done its work a commit hands older ones over again. */
  const typesOf = () => [...new Map(published.map(({ id, type }) => [id, type])).values()];

  it('asks the model in the same breath as it takes a run on, and stores the answer', async () => {
    const { state } = await open().runner.handle('run-1', requested);
    expect(state).toMatchObject({ status: 'RUNNING', version: 1 });
    const question = await model.asked();
    expect(question.conversation).toEqual([{ type: 'message', role: 'user', content: 'Deploy it.' }]);
    question.answer(answer(text('Hello.')));
    await expect.poll(status, soon).toBe('COMPLETED');
    expect(typesOf()).toEqual(['run.started', 'run.completed']);
  });

  it('asks again at once when the model has to correct a call', async () => {
    await open().runner.handle('run-1', requested);
    (await model.asked()).answer(answer(call('call_a', 'no such name!')));
    const { conversation } = await model.asked(2);
    expect(conversation.at(-1)).toMatchObject({ type: 'function_call_output', call_id: 'call_a' });
  });

  it('asks nothing while the run waits for an approval', async () => {
    const { runner, pool } = open();
    pool.start();
    await runner.handle('run-1', requested);
    (await model.asked()).answer(answer(call('call_a')));
    await expect.poll(status, soon).toBe('PAUSED');
    clock += 3_600_000;
    const find = vi.spyOn(store, 'find');
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(2), soon);
    expect(model.questions).toHaveLength(1);
  });

  it('stores a run for which it has no place, and asks once there is one', async () => {
    const { runner, pool } = open({ size: 1 });
    pool.start();
    const place = pool.reserve()!;
    const { state } = await runner.handle('run-1', requested);
    expect(state).toMatchObject({ status: 'PENDING', due_at: clock });
    expect(model.questions).toHaveLength(0);
    place.release();
    (await model.asked()).answer(answer(text('Hello.')));
    await expect.poll(status, soon).toBe('COMPLETED');
  });

  it('extends its lease for as long as the model thinks', async () => {
    await open({ leaseMs: 30 }).runner.handle('run-1', requested);
    await model.asked();
    clock += 1_000_000;
    await expect.poll(async () => (await run()).lease?.expires_at, soon).toBe(clock + 30);
  });

  it('stops the model once another worker has taken the run over, and leaves the run to that one', async () => {
    await open({ leaseMs: 60 }).runner.handle('run-1', requested);
    const question = await model.asked();
    const { expires_at } = (await run()).lease!;
    const takenOver: RunMessage = { type: 'claimed', worker: 'elsewhere', lease_ms: 3_600_000 };
    clock = expires_at;
    await expect.poll(async () => (await runs.handle('run-1', takenOver)).kind, soon).toBe('changed');
    await expect.poll(() => question.signal.aborted, soon).toBe(true);
    await Promise.all(stops.map((stop) => stop()));
    expect(await run()).toMatchObject({ status: 'RUNNING', lease: { worker: 'elsewhere' } });
  });

  it('takes over the run of a process that died, once its lease is over', async () => {
    await runs.handle('run-1', requested, { then: [{ type: 'claimed', worker: 'dead', lease_ms: 30_000 }] });
    const { pool } = open();
    const find = vi.spyOn(store, 'find');
    pool.start();
    await vi.waitFor(() => expect(find.mock.calls.length).toBeGreaterThan(2), soon);
    expect(model.questions).toHaveLength(0);
    clock += 30_000;
    (await model.asked()).answer(answer(text('Hello.')));
    await expect.poll(status, soon).toBe('COMPLETED');
  });

  it('waits longer and longer after the model failed, a minute at most, and then asks again', async () => {
    const { runner, pool } = open();
    pool.start();
    await runner.handle('run-1', requested);
    for (const [n, seconds] of [5, 10, 20, 40, 60, 60].entries()) {
      (await model.asked(n + 1)).fail(new ModelError('overloaded', 5_000));
      await expect.poll(run, soon).toMatchObject({ status: 'PENDING', failures: n + 1, error: 'overloaded' });
      expect((await run()).due_at).toBe(clock + seconds * 1000);
      clock += seconds * 1000;
    }
    (await model.asked(7)).answer(answer(text('Hello.')));
    await expect.poll(status, soon).toBe('COMPLETED');
  });

  it('waits as long as the model asks it to, even when that is longer than a minute', async () => {
    await open().runner.handle('run-1', requested);
    (await model.asked()).fail(new ModelError('slow down', 300_000));
    await expect.poll(run, soon).toMatchObject({ status: 'PENDING', due_at: clock + 300_000 });
  });

  it('ends a run whose model can never answer', async () => {
    await open().runner.handle('run-1', requested);
    (await model.asked()).fail(new ModelError('401 wrong key', null));
    await expect.poll(run, soon).toMatchObject({ status: 'ERROR', error: '401 wrong key' });
    expect(typesOf()).toEqual(['run.started', 'run.failed']);
  });

  it('ends a run whose agent there is no more', async () => {
    await open({ agents: new Map() }).runner.handle('run-1', requested);
    await expect.poll(run, soon).toMatchObject({ status: 'ERROR', error: 'there is no agent "ops" any more' });
  });

  it('hands its runs back when it is stopped, so that another takes them on at once', async () => {
    const first = open();
    await first.runner.handle('run-1', requested);
    await model.asked();
    await first.pool.stop(5_000);
    expect(await run()).toMatchObject({ status: 'PENDING', lease: null, due_at: clock, failures: 0 });
    open().pool.start();
    (await model.asked(2)).answer(answer(text('Hello.')));
    await expect.poll(status, soon).toBe('COMPLETED');
  });

  it('stops the model when its run is cancelled', async () => {
    const { runner, pool } = open();
    await runner.handle('run-1', requested);
    const question = await model.asked();
    await runner.handle('run-1', { type: 'cancel_requested', reason: null });
    runner.abort('run-1');
    expect(question.signal.aborted).toBe(true);
    await pool.stop(5_000);
    expect(await status()).toBe('CANCELLED');
    expect(typesOf()).toEqual(['run.started', 'run.cancelled']);
  });
});
