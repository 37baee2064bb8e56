import type { EventData } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { forged, putAside, signedWithUnknownKey } from '../gate/forgery.js';
import { call, outputsIn, wants } from './model-plans.js';
import { eventsOf } from '../world/stack.js';
import { aLine, type World } from '../world/world.js';

/** What has to happen before a call is made, and who makes it. */
export function gateScenarios(world: World): void {
  const nothing = { note: 'as it is' };

  describe('a call that somebody must approve', () => {
    it('is made by the executor, once, when it is approved', async () => {
      const line = aLine();
      const input = world.plans.plan('write a line', wants(call('write_line', { line })));
      const { run, approval } = await world.startPaused(input);
      expect(approval).toMatchObject({ pause_type: 'confirmation', tool_name: 'write_line', tool_args: { line } });
      expect(run.requirements).toMatchObject([{ id: approval.id, confirmation: null }]);
      expect(world.timesWritten(line)).toBe(0);

      await world.client.resolve(approval.id, 'approved', 'ada', nothing);
      expect(await world.ended(run.run_id)).toMatchObject({
        status: 'COMPLETED',
        content: 'Done.',
        tools: [{ confirmed: true, confirmation_note: 'as it is', result: `wrote ${line}`, tool_call_error: false }],
      });
      expect(world.timesWritten(line)).toBe(1);
      expect(outputsIn(world.lastRequest(input))).toEqual([`Whoever approved it noted: as it is\n\nwrote ${line}`]);
      const { data: executions } = await world.client.executions.list({ run_id: run.run_id });
      expect(executions).toMatchObject([{ id: approval.id, status: 'succeeded', approved_by: 'ada' }]);
    });

    it('is not made when it is rejected, and the model reads why', async () => {
      const line = aLine();
      const input = world.plans.plan('write a line', wants(call('write_line', { line })));
      const { run, approval } = await world.startPaused(input);
      await world.client.resolve(approval.id, 'rejected', 'ada', { note: 'not on a Friday' });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED', tools: [{ confirmed: false }] });
      expect(world.timesWritten(line)).toBe(0);
      expect(outputsIn(world.lastRequest(input))).toEqual([expect.stringContaining('not on a Friday')]);
    });

    it('is made with what a person filled in, which only those see who look at that one approval', async () => {
      const system = aLine();
      const input = world.plans.plan('grant access', wants(call('grant_access', { system })));
      const { run, approval } = await world.startPaused(input);
      expect(approval).toMatchObject({ pause_type: 'user_input', tool_args: { system } });
      const fill = (values: Record<string, unknown>) =>
        world.client.resolve(approval.id, 'approved', 'ada', { values });
      await expect(fill({ hours: 100, ticket: 'OPS-1' })).rejects.toMatchObject({
        status: 422,
        errors: [expect.objectContaining({ path: 'resolution_data.values.hours' })],
      });
      await expect(fill({ hours: 8 })).rejects.toMatchObject({
        status: 422,
        errors: [expect.objectContaining({ path: 'resolution_data.values.ticket' })],
      });
      await fill({ hours: 8, ticket: 'OPS-4711' });
      expect(await world.ended(run.run_id)).toMatchObject({
        status: 'COMPLETED',
        tools: [{ tool_args: { system, hours: 8, ticket: 'OPS-4711' }, answered: true }],
      });
      expect(world.timesWritten(`${system} 8 OPS-4711`)).toBe(1);
      expect(outputsIn(world.lastRequest(input))).toEqual([
        expect.stringMatching(new RegExp(`hours was filled in with 8.*granted ${system} for 8 hours`, 's')),
      ]);

      const ofRun = { run_id: run.run_id };
      const events = await world.client.watchRun(run.run_id);
      const forAll = [
        (await world.client.approvals.list(ofRun)).data,
        (await world.client.runs.list({ session_id: run.session_id })).data,
        await events.all(),
      ].map((shown) => JSON.stringify(shown));
      for (const shown of forAll) expect(shown).not.toContain('OPS-4711');
      for (const shown of forAll) expect(shown).toContain('"ticket":"[redacted]"');
      expect(await world.client.approvals.get(approval.id)).toMatchObject({
        resolution_data: { values: { hours: 8, ticket: 'OPS-4711' } },
      });
    });

    it('is made at an MCP server as well', async () => {
      const line = aLine();
      const input = world.plans.plan('stamp a line', wants(call('stamps__stamp', { line })));
      const { run, approval } = await world.startPaused(input);
      expect(world.timesWritten(line)).toBe(0);
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
      expect(outputsIn(world.lastRequest(input))).toEqual([`wrote ${line}`]);
    });

    it('is made with the arguments that were approved when they are not those of the model', async () => {
      const [proposed, written, deployed] = [aLine(), aLine(), aLine()];
      const input = world.plans.plan(
        'write a line and deploy',
        wants(call('write_line', { line: proposed }), call('deploy', { line: proposed })),
      );
      const { run, pending } = await world.startPaused(input, 2);
      const approved: Record<string, string> = { write_line: written, deploy: deployed };
      for (const { id, tool_name } of pending)
        await world.client.resolve(id, 'approved', 'ada', { tool_args: { line: approved[tool_name] } });
      expect(await world.ended(run.run_id)).toMatchObject({
        status: 'COMPLETED',
        tools: [{ tool_args: { line: written } }, { tool_args: { line: deployed } }],
      });
      expect([proposed, written, deployed].map((line) => world.timesWritten(line))).toEqual([0, 1, 1]);
      const told = (line: string) => new RegExp(`line was "${proposed}" and is "${line}".*wrote ${line}`, 's');
      expect(outputsIn(world.lastRequest(input))).toEqual([
        expect.stringMatching(told(written)),
        expect.stringMatching(told(deployed)),
      ]);
    });

    it('is not made by a decision that is forged, and the real one counts', async () => {
      const line = aLine();
      const input = world.plans.plan('write a line', wants(call('write_line', { line })));
      const { run, approval } = await world.startPaused(input);
      const decisions = [forged(approval), forged(approval, { signature: await signedWithUnknownKey(approval) })];
      await world.stack.withBus((bus) => bus.publish(decisions));
      const letters = await putAside(world.stack, 'agent-runner', run.run_id, 2);
      expect(letters.map(({ code }) => code)).toEqual(['not_authentic', 'not_authentic']);
      expect(await world.client.runs.get(run.run_id)).toMatchObject({ status: 'PAUSED', tools: [{ confirmed: null }] });
      expect(world.timesWritten(line)).toBe(0);

      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
    });

    it('is not made by the executor either when the decision is forged', async () => {
      const line = aLine();
      const input = world.plans.plan('deploy', wants(call('deploy', { line })));
      const { run, approval } = await world.startPaused(input);
      await world.stack.withBus((bus) => bus.publish([forged(approval)]));
      await putAside(world.stack, 'agent-runner', run.run_id, 1);
      const refused = await eventually('the refusal to be recorded', async () => {
        return (await world.client.executions.list({ run_id: run.run_id })).data[0];
      });
      expect(refused).toMatchObject({ status: 'failed', error: expect.stringContaining('not signed') });
      expect(world.timesWritten(line)).toBe(0);
    });
  });

  it('makes each call of a turn as soon as it may, and asks the model once all are answered', async () => {
    const [free, confirmed, external, person] = [aLine(), aLine(), aLine(), aLine()];
    const input = world.plans.plan(
      'do it all',
      wants(
        call('grant_access', { system: person }),
        call('deploy', { line: external }),
        call('look_up', { line: free }),
        call('write_line', { line: confirmed }),
      ),
    );
    const { run, pending } = await world.startPaused(input, 3);
    expect(world.timesWritten(free)).toBe(1);
    const approve = (name: string, values?: Record<string, unknown>) => {
      const { id } = pending.find(({ tool_name }) => tool_name === name)!;
      return world.client.resolve(id, 'approved', 'ada', values && { values });
    };
    const made = (line: string) => eventually('the call to be made', async () => world.timesWritten(line) === 1);
    await approve('deploy');
    await made(external);
    await approve('write_line');
    await made(confirmed);
    expect(world.plans.requests(input)).toHaveLength(1);
    expect((await world.client.waitForRun(run.run_id, ['PAUSED'])).status).toBe('PAUSED');

    await approve('grant_access', { hours: 1, ticket: 'OPS-1' });
    expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    expect(world.plans.requests(input)).toHaveLength(2);
    expect(outputsIn(world.lastRequest(input))).toEqual([
      expect.stringContaining(`granted ${person}`),
      `wrote ${external}`,
      `wrote ${free}`,
      `wrote ${confirmed}`,
    ]);
    for (const line of [free, confirmed, external, `${person} 1 OPS-1`]) expect(world.timesWritten(line)).toBe(1);
  });

  it('asks nobody about calls that are only recorded, and makes them', async () => {
    const [noted, deployed] = [aLine(), aLine()];
    const input = world.plans.plan(
      'leave a record',
      wants(call('note_line', { line: noted }), call('record_deployment', { line: deployed })),
    );
    const { run_id } = await world.start(input);
    expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
    expect([world.timesWritten(noted), world.timesWritten(deployed)]).toEqual([1, 1]);
    const { data } = await world.client.approvals.list({ run_id });
    expect(data).toHaveLength(2);
    for (const record of data)
      expect(record).toMatchObject({ approval_type: 'audit', status: 'approved', resolved_by: null, decisions: [] });
    const events = await eventsOf(world.stack, run_id);
    const resolutions = events
      .filter(({ type }) => type === 'approval.resolved')
      .map((event) => event.data as EventData<'approval.resolved'>);
    const resolved = new Map(resolutions.map((each) => [each.approval_id, each]));
    expect([...resolved.keys()].toSorted()).toEqual(data.map(({ id }) => id).toSorted());
    for (const each of resolved.values()) expect(each).toMatchObject({ status: 'approved', automatic: true });
  });

  it('ends a run on its deadline, whoever it waits for, and voids what it asked', async () => {
    const input = world.plans.plan('write a line', wants(call('write_line', { line: aLine() })));
    const { run, approval } = await world.startPaused(input, 1, { deadline_in: 3 });
    expect(await world.ended(run.run_id)).toMatchObject({
      status: 'ERROR',
      error: expect.stringContaining('deadline'),
    });
    await eventually(
      'the approval to be void',
      async () => (await world.client.approvals.get(approval.id)).status === 'cancelled',
    );
  });

  it('ends a run on its deadline while the model is asked as well', async () => {
    const { run_id } = await world.start(world.plans.plan('think for ever', 'hang'), { deadline_in: 1 });
    expect(await world.ended(run_id)).toMatchObject({ status: 'ERROR', error: expect.stringContaining('deadline') });
    await expect.poll(() => world.model.open).toBe(0);
  });
}
