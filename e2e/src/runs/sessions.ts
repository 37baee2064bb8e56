import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { call, outputsIn, text, wants } from './model-plans.js';
import { aLine, type World } from '../world/world.js';

/** Several runs of one conversation. */
export function sessionScenarios(world: World): void {
  it('lets the runs of a session take turns, and tells each what was said before', async () => {
    const session_id = `session-${randomUUID()}`;
    const [answerOne, answerTwo] = [`One. ${randomUUID()}`, `Two. ${randomUUID()}`];
    const inputs = [
      world.plans.plan('first', { output: [text(answerOne)], delay: 300 }),
      world.plans.plan('second', { output: [text(answerTwo)], delay: 300 }),
    ];
    const started = await Promise.all(inputs.map((input) => world.start(input, { session_id, user_id: 'grace' })));
    const ended = await Promise.all(started.map(({ run_id }) => world.ended(run_id)));
    const [first, second] = ended.toSorted((one, other) => one.turn! - other.turn!);
    expect([first!.turn, second!.turn]).toEqual([0, 1]);
    for (const { input } of ended.map(({ run_input }) => ({ input: run_input })))
      expect(world.plans.requests(input)).toHaveLength(1);

    const told = (input: string) => JSON.stringify(world.plans.requests(input)[0]!.input);
    expect(told(first!.run_input)).not.toContain(second!.run_input);
    expect(world.plans.requests(second!.run_input)[0]!.input).toMatchObject([
      { role: 'user', content: first!.run_input },
      { role: 'assistant', content: [{ text: first!.content }] },
      { role: 'user', content: second!.run_input },
    ]);
    const { data } = await world.client.sessions.list({ user_id: 'grace' });
    expect(data.filter((each) => each.session_id === session_id)).toMatchObject([
      { agent_id: 'worker', user_id: 'grace', session_type: 'agent', session_name: first!.run_input },
    ]);
    const runs = await world.client.sessions.runs(session_id);
    expect(runs.map(({ run_id }) => run_id).toSorted()).toEqual(started.map(({ run_id }) => run_id).toSorted());
    for (const run of runs) expect(run).toMatchObject({ status: 'COMPLETED', session_id });
  });

  it('lets the next run of a session go on when the one before it is cancelled', async () => {
    const session_id = `session-${randomUUID()}`;
    const line = aLine();
    const first = world.plans.plan('write a line', wants(call('write_line', { line })));
    const { run } = await world.startPaused(first, 1, { session_id });
    const second = world.plans.plan('and now?');
    const { run_id } = await world.start(second, { session_id });
    const waiting = await eventually('it to wait for its turn', async () => {
      const seen = await world.client.runs.get(run_id);
      return seen.error !== null && seen;
    });
    expect(waiting).toMatchObject({ status: 'PENDING', error: expect.stringContaining('has its turn') });

    await world.client.cancelRun(run.run_id, 'changed my mind', 'worker');
    expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', turn: 1, error: null });
    expect(world.plans.requests(second)).toHaveLength(1);
    expect(outputsIn(world.lastRequest(second))).toEqual([expect.stringContaining('CANCELLED')]);
    expect(world.timesWritten(line)).toBe(0);
  });
}
