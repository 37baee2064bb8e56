import { describe, expect, it } from 'vitest';
import { executionOnce } from '../executions/executor-calls.js';
import { call, outputsIn, wants } from '../runs/model-plans.js';
import { aLine, type World } from '../world/world.js';

/** One place makes approved calls, whatever makes them there: a switch holds them, and nobody guesses what came of them. */
export function callScenarios(world: World): void {
  const pausedFor = (tool: string, args: Record<string, unknown>) =>
    world.startPaused(world.plans.plan(`call ${tool}`, wants(call(tool, args))));

  describe('an approved call', () => {
    it.each(['write_line', 'stamps__stamp'])(
      'of %s waits while a switch holds it, and is made once after',
      async (tool) => {
        const line = aLine();
        const { run, approval } = await pausedFor(tool, { line });
        await world.client.turn('pause', tool);
        await world.client.resolve(approval.id, 'approved', 'ada');
        const held = await executionOnce(world, approval, 'queued');
        expect(held.held_by).toMatchObject({ code: 'kill_switch', detail: expect.stringContaining('a test') });
        expect(world.timesWritten(line)).toBe(0);

        await world.client.turn('resume', tool);
        expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
        expect(await world.client.executions.get(approval.id)).toMatchObject({
          error: null,
          status: 'succeeded',
          held_by: null,
        });
        expect(world.timesWritten(line)).toBe(1);
      },
    );

    it('that was claimed already is held by a switch that is turned before it is made', async () => {
      const line = aLine();
      const { run, approval } = await pausedFor('stamps__stamp', { line });
      const stamps = world.holdStamps();
      await world.client.resolve(approval.id, 'approved', 'ada');
      await executionOnce(world, approval, 'running');
      await world.client.turn('pause', 'stamps__stamp');
      stamps.release();
      const held = await executionOnce(world, approval, 'queued');
      expect(held).toMatchObject({ attempts: [{ begun: false }], held_by: { code: 'kill_switch' } });
      expect(world.timesWritten(line)).toBe(0);

      await world.client.turn('resume', 'stamps__stamp');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
    });

    it('of an MCP server that answers too late is unknown, and never failed, until a person settles it', async () => {
      const [line, until] = [aLine(), world.gate()];
      const { run, approval } = await pausedFor('stamps__stamp_slowly', { line, until: until.path });
      await world.client.resolve(approval.id, 'approved', 'ada');
      const unknown = await executionOnce(world, approval, 'outcome_unknown', 'failed', 'succeeded');
      expect(unknown).toMatchObject({ status: 'outcome_unknown', error: expect.stringContaining('within 1 s') });
      expect(await world.client.runs.get(run.run_id)).toMatchObject({ status: 'PAUSED' });
      until.open();
      await world.client.settle(approval.id, 'succeeded', 'The stamp is there.');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(outputsIn(world.lastRequest(run.run_input))).toEqual([expect.stringContaining('The stamp is there.')]);
      expect(world.timesWritten(line)).toBe(1);
    });

    it('that a rule lets through by the word of its MCP server is not made once that server says otherwise', async () => {
      const [line, other] = [aLine(), aLine()];
      const stamped = async (line: string) => {
        const plan = world.plans.plan('stamp', wants(call('stamps__stamp_lightly', { line })));
        return world.ended((await world.start(plan)).run_id);
      };
      const { run_id, tools } = await stamped(line);
      expect(tools).toMatchObject([{ tool_call_error: false }]);
      const [approval] = (await world.client.approvals.list({ run_id })).data;
      expect(approval).toMatchObject({
        resolved_by: null,
        annotations: { server: 'stamps', readOnlyHint: false, destructiveHint: false },
        policy: { rule: 'harmless', saw: [{ path: 'annotations.destructiveHint', value: false }] },
      });
      world.makeStampsHarmful();
      const [refused] = (await stamped(other)).tools!;
      expect(refused).toMatchObject({
        tool_call_error: true,
        result: expect.stringMatching(/has changed.*its server says/),
      });
      expect([line, other].map((each) => world.timesWritten(each))).toEqual([1, 0]);
    });

    it('of a function whose process is killed is unknown, and never made twice', async () => {
      const [line, until] = [aLine(), world.gate()];
      const { run, approval } = await pausedFor('write_line', { line, until: until.path });
      await world.client.resolve(approval.id, 'approved', 'ada');
      await expect.poll(() => world.timesWritten(line), { timeout: 10_000 }).toBe(1);
      await world.stack.kill('executor');
      until.open();
      await world.stack.start();
      await executionOnce(world, approval, 'outcome_unknown');
      await world.client.settle(approval.id, 'failed', 'Half of it is there.');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED', tools: [{ tool_call_error: true }] });
      expect(world.timesWritten(line)).toBe(1);
    });

    it('is not made once its arguments or what it does have changed, and its run says so', async () => {
      const lines = { carve: aLine(), engrave: aLine() };
      const [carving, engraving] = [
        await pausedFor('carve', { line: lines.carve, as_given: 'something' }),
        await pausedFor('engrave', { line: lines.engrave }),
      ];
      world.redefine('as_given: { type: string }', "as_given: { type: string, pattern: '^nothing' }");
      world.redefine('as_it_was: true', 'as_it_was: false');
      const { changes } = await world.client.config.reload();
      expect(changes.map(({ path }) => path.split('.').slice(0, 2).join('.'))).toEqual([
        'tools.carve',
        'tools.engrave',
      ]);
      for (const [tool, { run, approval }] of Object.entries({ carve: carving, engrave: engraving })) {
        await world.client.resolve(approval.id, 'approved', 'ada').catch(() => {});
        const ended = await world.ended(run.run_id);
        expect(JSON.stringify([ended.error, ended.tools])).toMatch(`${tool} has changed`);
        expect(world.timesWritten(lines[tool as keyof typeof lines])).toBe(0);
      }
    });
  });

  it('a switch needs a tool that there is', async () => {
    await expect(world.client.turn('pause', 'write_lime')).rejects.toMatchObject({
      status: 422,
      detail: expect.stringMatching(/There is no tool "write_lime".*write_line/),
    });
    expect(await world.client.executions.switches()).not.toContainEqual(
      expect.objectContaining({ tool_name: 'write_lime' }),
    );
  });
}
