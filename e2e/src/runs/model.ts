import type { ModelRequest } from '@countersign/testing/model-server';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { apiKey, aLine, type World } from '../world/world.js';
import { call, outputsIn, says, text, wants } from './model-plans.js';

/** What comes of a model that makes mistakes, and of one that cannot be asked. */
export function modelScenarios(world: World): void {
  describe('a model', () => {
    const status = (code: number, message: string, headers: Record<string, string> = {}) => ({
      status: code,
      headers,
      body: { error: { message } },
    });

    it('receives what is wrong with its calls, which are not made', async () => {
      const line = aLine();
      const input = world.plans.plan(
        'make mistakes',
        wants(call('no_such_tool', {}), call('look_up', '{"line":'), call('look_up', { line, colour: 'red' })),
        wants(call('grant_access', { system: 'x', hours: 1 })),
      );
      const { run_id } = await world.start(input);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', content: 'Done.', tools: [] });
      expect(outputsIn(world.lastRequest(input))).toEqual([
        expect.stringContaining('There is no tool "no_such_tool". The tools are: look_up,'),
        expect.stringContaining('not JSON'),
        expect.stringContaining('colour'),
        expect.stringContaining('hours: is filled in by a person'),
      ]);
      expect(world.timesWritten(line)).toBe(0);
    });

    it('is asked again after an answer that leads nowhere', async () => {
      const refusal = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I cannot.' }] };
      const input = world.plans.plan('say nothing', { output: [] }, { output: [refusal] }, says('Now I know.'));
      const { run_id } = await world.start(input);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', content: 'Now I know.', steps: 3 });
      const hints = world.lastRequest(input)!.input.filter(({ role }) => role === 'developer');
      expect(hints.map(({ content }) => content)).toEqual([
        expect.stringContaining('Your answer was empty'),
        expect.stringContaining('You declined'),
      ]);
    });

    it('that says more than one document of a database holds, and wants 200 calls at once, is read to the end', async () => {
      const mistake = () => call('no_such_tool', {});
      const long = () => wants(text('x'.repeat(3_400_000)), mistake());
      const many = () => wants(...Array.from({ length: 200 }, mistake));
      // By what it has heard: a runner that is held up for longer than its lease asks again.
      const next = (request: ModelRequest) => {
        const heard = outputsIn(request).length;
        return heard < 5 ? long() : heard === 5 ? many() : says('That was it.');
      };
      const input = world.plans.plan('talk', ...Array.from({ length: 20 }, () => next));
      const { run_id } = await world.start(input);
      expect(await world.ended(run_id, 110)).toMatchObject({ status: 'COMPLETED', content: 'That was it.', steps: 7 });
      const outputs = outputsIn(world.lastRequest(input));
      expect([outputs.length, JSON.stringify(world.lastRequest(input)).length > 17_000_000]).toEqual([205, true]);
    });

    it('that never learns is stopped after the steps that its agent may take', async () => {
      const mistake = () => wants(call('no_such_tool', {}));
      const input = world.plans.plan('never learn', ...Array.from({ length: 10 }, mistake));
      const { run_id } = await world.start(input, { agent: 'novice' });
      expect(await world.ended(run_id)).toMatchObject({
        status: 'ERROR',
        steps: 3,
        error: expect.stringContaining('no answer after 3 model calls'),
      });
      expect(world.plans.requests(input)).toHaveLength(3);
    });

    it('that has too much to do is asked again when it said', async () => {
      const busy = status(429, 'Slow down.', { 'retry-after': '1' });
      const input = world.plans.plan('hurry', busy);
      const { run_id } = await world.start(input);
      const waiting = await world.client.waitForRun(run_id, ['PENDING', 'COMPLETED']);
      expect(waiting).toMatchObject({ status: 'PENDING', error: expect.stringContaining('Slow down.') });
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', content: 'Done.', error: null });
    });

    it('that fails is asked again', async () => {
      const broken = status(500, 'Sorry.', { 'retry-after-ms': '20' });
      const input = world.plans.plan('fail', broken, broken);
      const { run_id } = await world.start(input);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', content: 'Done.', steps: 1 });
      expect(world.plans.requests(input)).toHaveLength(3);
    });

    it('that refuses the key is waited for, with an error that says so without it, until somebody has mended it', async () => {
      const input = world.plans.plan('open up', status(401, `Incorrect API key provided: ${apiKey}.`));
      const { run_id } = await world.start(input);
      const waiting = await eventually('it to wait', async () => {
        const run = await world.client.runs.get(run_id);
        return run.error_code !== null && run;
      });
      expect(waiting).toMatchObject({ status: 'PENDING', error_code: 'model_unauthorized', failures: 1 });
      expect([waiting.waiting_since, waiting.next_try_at]).toEqual([expect.any(Number), expect.any(Number)]);
      expect(waiting.error).toContain('Incorrect API key provided: [key]. (check OPENAI_API_KEY)');
      await world.client.runs.retry(run_id);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED', error_code: null, waiting_since: null });
    });

    it('that refuses what came of an approved call does not undo it: the run is tried again, and the call is not', async () => {
      const line = aLine();
      const tooLarge = status(413, 'Payload too large.');
      const input = world.plans.plan('write a line', wants(call('write_line', { line })), tooLarge, says('Written.'));
      const { run, approval } = await world.startPaused(input);
      await world.client.resolve(approval.id, 'approved', 'bob');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'ERROR', error_code: 'model_input_too_large' });
      await Promise.allSettled([0, 1].map(() => world.client.runs.retry(run.run_id)));
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED', content: 'Written.' });
      expect(world.timesWritten(line)).toBe(1);
      await expect(world.client.runs.retry(run.run_id)).rejects.toMatchObject({ code: 'run_over' });
    });
  });
}
