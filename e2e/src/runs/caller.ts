import { describe, expect, it } from 'vitest';
import { call, outputsIn, wants } from './model-plans.js';
import { aLine, type World } from '../world/world.js';

/** Calls that whoever started the run resolves. */
export function callerScenarios(world: World): void {
  describe('whoever started a run', () => {
    it('confirms, refuses, fills in and answers the calls that need no approval', async () => {
      const [yes, no] = [aLine(), aLine()];
      const input = world.plans.plan(
        'ask me',
        wants(
          call('confirm_line', { line: yes }),
          call('confirm_line', { line: no }),
          call('ask_person', { question: 'Which colour?' }),
          call('look_yourself', { where: 'in the cellar' }),
        ),
      );
      const { run } = await world.startPaused(input, 0);
      const [confirmed, refused, asked, looked] = run.tools;
      const fill = (value: string) => ({
        ...asked!,
        user_input_schema: asked!.user_input_schema!.map((field) => ({ ...field, value })),
      });
      const first = {
        tools: [
          { ...confirmed!, confirmed: true },
          { ...refused!, confirmed: false, confirmation_note: 'not that one' },
        ],
      };
      await world.client.runs.continue(run, first);
      await expect(world.client.runs.continue(run, { tools: [fill('x')] })).rejects.toMatchObject({ status: 422 });
      const again = await world.client.runs.continue(run, first);
      expect(again.tools.map(({ result }) => result === null).slice(2)).toEqual([true, true]);
      const requirement = run.requirements.find(
        ({ tool_execution }) => tool_execution.tool_call_id === looked!.tool_call_id,
      )!;
      await world.client.runs.continue(run, {
        tools: [fill('green')],
        requirements: [{ ...requirement, external_execution_result: 'a lamp' }],
      });

      const done = await world.ended(run.run_id);
      expect(done).toMatchObject({ status: 'COMPLETED', content: 'Done.' });
      expect([world.timesWritten(yes), world.timesWritten(no)]).toEqual([1, 0]);
      expect(world.plans.requests(input)).toHaveLength(2);
      expect(outputsIn(world.lastRequest(input))).toEqual([
        `wrote ${yes}`,
        expect.stringContaining('not that one'),
        '{"answer":"green"}',
        'a lamp',
      ]);
      await expect(world.client.runs.continue(run, first)).rejects.toMatchObject({ status: 409 });
      expect(world.timesWritten(yes)).toBe(1);
    });

    it('cannot take the place of whoever approves', async () => {
      const [theirs, mine] = [aLine(), aLine()];
      const input = world.plans.plan(
        'ask both of us',
        wants(call('write_line', { line: theirs }), call('confirm_line', { line: mine })),
      );
      const { run, approval } = await world.startPaused(input);
      const all = { tools: run.tools.map((tool) => ({ ...tool, confirmed: true })) };
      await expect(world.client.runs.continue(run, all)).rejects.toMatchObject({
        status: 403,
        detail: expect.stringContaining(approval.id),
      });
      expect([world.timesWritten(theirs), world.timesWritten(mine)]).toEqual([0, 0]);

      await world.client.resolve(approval.id, 'approved', 'ada');
      await expect.poll(() => world.timesWritten(theirs)).toBe(1);
      await world.client.runs.continue(run, all);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect([world.timesWritten(theirs), world.timesWritten(mine)]).toEqual([1, 1]);
    });
  });
}
