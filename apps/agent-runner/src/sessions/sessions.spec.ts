import { isFinishedStatus, type Run } from '@countersign/contracts/runs';
import { after } from '@countersign/contracts/time';
import { agentOf } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agent, call, callIn, resolved, text } from '../../test/run.fixtures.js';
import { Given, request, soon, type Process } from '../../test/runner.fixtures.js';

let given: Given;
beforeEach(() => void (given = new Given()));
afterEach(() => given.close());

const session_id = 'session-1';
const begin = ({ runner }: Process, id: string, change: Parameters<typeof request>[1] = {}) =>
  runner.handle(id, request(id, { session_id, run_input: `This is ${id}.`, ...change }));
const waits = { status: 'PENDING', lease: null, error: 'another run of session session-1 has its turn' } as const;
const inputsOf = ({ conversation }: { conversation: readonly Record<string, unknown>[] }) =>
  conversation.map(({ content }) => (Array.isArray(content) ? (content as { text: string }[])[0]!.text : content));
const cancel = ({ runner }: Process, id: string) => runner.handle(id, { type: 'cancel_requested', reason: null });

describe('the runs of a session', () => {
  it('take turns in the order in which they asked, and each gets what was said before', async () => {
    const process = given.open();
    await begin(process, 'run-1');
    const first = await given.model.asked(1);
    await begin(process, 'run-2');
    await given.until(waits, 'run-2');
    await begin(process, 'run-3');
    await given.until(waits, 'run-3');
    expect(await given.session(session_id)).toMatchObject({ run_id: 'run-1', turn: 0, waiting: ['run-2', 'run-3'] });
    first.answer(text('One.'));
    const second = await given.model.asked(2);
    expect(inputsOf(second)).toEqual(['This is run-1.', 'One.', 'This is run-2.']);
    second.answer(text('Two.'));
    const third = await given.model.asked(3);
    expect(inputsOf(third)).toEqual(['This is run-1.', 'One.', 'This is run-2.', 'Two.', 'This is run-3.']);
    third.answer(text('Three.'));
    const ended = await given.until({ status: 'COMPLETED' }, 'run-3');
    expect([(await given.run('run-1')).turn, (await given.run('run-2')).turn, ended.turn]).toEqual([0, 1, 2]);
    expect(ended.items).toHaveLength(2);
  });

  it('get no more of the earlier ones than the agent allows, the latest first', async () => {
    const process = given.open();
    const { version: _, ...definition } = agent;
    process.agents.agents.set('ops', agentOf({ ...definition, history: { max_items: 2, max_tokens: 20_000 } }));
    for (const [n, id] of ['run-1', 'run-2'].entries()) {
      await begin(process, id);
      (await given.model.asked(n + 1)).answer(text(`Answer to ${id}.`));
      await given.until({ status: 'COMPLETED' }, id);
    }
    await begin(process, 'run-3');
    expect(inputsOf(await given.model.asked(3))).toEqual(['This is run-2.', 'Answer to run-2.', 'This is run-3.']);
  });

  it('wait for one that is paused, and not for one that is over', async () => {
    const process = given.open();
    await begin(process, 'run-1');
    (await given.model.asked(1)).answer(call('call_a'));
    const paused = await given.until({ status: 'PAUSED' });
    await begin(process, 'run-2');
    await given.until(waits, 'run-2');
    await process.runner.handle('run-1', resolved(callIn(paused, 'call_a'), 'rejected'));
    (await given.model.asked(2)).answer(text('One.'));
    expect(inputsOf(await given.model.asked(3)).at(-1)).toBe('This is run-2.');
    await cancel(process, 'run-2');
    await begin(process, 'run-3');
    expect(inputsOf(await given.model.asked(4)).at(-1)).toBe('This is run-3.');
  });

  it('find out by themselves that it is their turn when the event of it was lost', async () => {
    const process = given.open({ deaf: true });
    process.pool.start();
    await begin(process, 'run-1');
    const first = await given.model.asked(1);
    await begin(process, 'run-2');
    const { due_at } = await given.until(waits, 'run-2');
    expect(due_at).toBe(given.clock + 5_000);
    first.answer(text('One.'));
    await expect.poll(() => given.session(session_id), soon).toMatchObject({ run_id: 'run-2', turn: 1 });
    given.clock = due_at!;
    expect(inputsOf(await given.model.asked(2)).at(-1)).toBe('This is run-2.');
  });

  it('take the turn of one whose end nobody passed on', async () => {
    const dead = given.open();
    await begin(dead, 'run-1');
    const first = await given.model.asked(1);
    const heir = given.open();
    heir.pool.start();
    await begin(heir, 'run-2');
    await given.until(waits, 'run-2');
    dead.store.loseReply = ({ state }) => (isFinishedStatus(state.status) ? new Error('the process died') : undefined);
    first.answer(text('One.'));
    await given.until({ status: 'COMPLETED' });
    expect(await given.session(session_id)).toMatchObject({ run_id: 'run-1', waiting: ['run-2'] });
    given.clock = after(given.clock, 5_000);
    expect(inputsOf(await given.model.asked(2))).toEqual(['This is run-1.', 'One.', 'This is run-2.']);
  });

  it('can be cancelled while they wait, and do not hold up those behind them', async () => {
    const process = given.open();
    await begin(process, 'run-1');
    const first = await given.model.asked(1);
    for (const id of ['run-2', 'run-3', 'run-4']) {
      await begin(process, id);
      await given.until(waits, id);
    }
    await cancel(process, 'run-2');
    await cancel(process, 'run-3');
    first.answer(text('One.'));
    expect(inputsOf(await given.model.asked(2))).toEqual(['This is run-1.', 'One.', 'This is run-4.']);
    expect(await given.session(session_id)).toMatchObject({ run_id: 'run-4', waiting: [] });
  });

  it('cannot have one turn between two of them, wherever they ask', async () => {
    const processes = [given.open(), given.open()];
    await Promise.all(processes.map((process, n) => begin(process, `run-${n + 1}`)));
    await given.model.asked(1);
    const statuses = async () =>
      (await Promise.all([given.run('run-1'), given.run('run-2')])).map(({ status }) => status);
    await expect.poll(async () => (await statuses()).toSorted(), soon).toEqual(['PENDING', 'RUNNING']);
    expect(given.model.questions).toHaveLength(1);
    given.model.questions[0]!.answer(text('First.'));
    const { conversation } = await given.model.asked(2);
    expect(conversation).toHaveLength(3);
  });
});

describe('a run that is alone in its session', () => {
  const lone = (process: Process) => begin(process, 'run-1', { session_id: 'run-1' });

  it('does not wait for its turn to be confirmed before it asks the model', async () => {
    const process = given.open();
    const turn = Promise.withResolvers<number>();
    process.sessions.turnOf = () => turn.promise;
    await lone(process);
    (await given.model.asked()).answer(text('One.'));
    turn.resolve(0);
    await given.until({ status: 'COMPLETED', turn: 0 });
  });

  it('is the history of the next run that joins the session', async () => {
    const process = given.open();
    await lone(process);
    (await given.model.asked(1)).answer(text('One.'));
    await given.until({ status: 'COMPLETED' });
    await begin(process, 'run-2', { session_id: 'run-1' });
    expect(inputsOf(await given.model.asked(2))).toEqual(['This is run-1.', 'One.', 'This is run-2.']);
    expect(await given.session('run-1')).toMatchObject({ session_name: 'This is run-1.', run_id: 'run-2', turn: 1 });
  });

  it('is waited for by a run that joins while it works', async () => {
    const process = given.open();
    await lone(process);
    const first = await given.model.asked(1);
    await expect.poll(() => given.session('run-1'), soon).toBeDefined();
    await begin(process, 'run-2', { session_id: 'run-1' });
    await given.until({ status: 'PENDING', lease: null }, 'run-2');
    first.answer(text('One.'));
    expect(inputsOf(await given.model.asked(2))).toHaveLength(3);
  });

  it('that another run was faster to join waits for it, and gets what it said', async () => {
    await lone(given.open({ size: 0 }));
    const process = given.open();
    await begin(process, 'run-2', { session_id: 'run-1' });
    const first = await given.model.asked(1);
    await expect.poll(() => given.session('run-1'), soon).toMatchObject({ run_id: 'run-2' });
    process.pool.start();
    const postponed = { status: 'PENDING', lease: null, error: 'another run of session run-1 has its turn' } as const;
    await given.until(postponed);
    expect((await given.model.asked(2)).signal.aborted).toBe(true);
    first.answer(text('Two.'));
    expect(inputsOf(await answerable())).toEqual(['This is run-2.', 'Two.', 'This is run-1.']);
  });

  /** The question that the model is still to answer. */
  async function answerable() {
    const open = () => given.model.questions.slice(1).filter(({ signal }) => !signal.aborted);
    await expect.poll(() => open().map(inputsOf), soon).toEqual([expect.objectContaining({ length: 3 })]);
    return open()[0]!;
  }
});

it('a run that was cancelled before it had its turn is no part of the history', async () => {
  const process = given.open();
  await begin(process, 'run-1');
  const first = await given.model.asked(1);
  await begin(process, 'run-2');
  await given.until(waits, 'run-2');
  await cancel(process, 'run-2');
  expect((await given.run('run-2')) satisfies Run).toMatchObject({ status: 'CANCELLED', turn: null });
  first.answer(text('One.'));
  await given.until({ status: 'COMPLETED' });
  await begin(process, 'run-3');
  expect(inputsOf(await given.model.asked(2))).toEqual(['This is run-1.', 'One.', 'This is run-3.']);
});
