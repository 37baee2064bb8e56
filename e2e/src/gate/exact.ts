import { canonicalJson } from '@countersign/contracts/json';
import type { Message } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { call, outputsIn, wants } from '../runs/model-plans.js';
import { wideId, type Refunds } from './refunds.js';
import { aLine, type World } from '../world/world.js';

const lists = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

/** Arguments that one reader takes for something else than another, and what each is called. */
const ambiguous: [code: string, json: string][] = [
  ['inexact_number', `{"order": ${wideId}}`],
  ['inexact_number', '{"order": 1e400}'],
  ['duplicate_name', '{"order": "1", "order": "2"}'],
  ['reserved_name', '{"order": "1", "__proto__": {"order": "2"}}'],
  ['lone_surrogate', String.raw`{"order": "\ud800"}`],
  ['nul_character', String.raw`{"order": "1\u0000"}`],
  ['too_deep', `{"order": ${lists(5_000)}}`],
];

/** What is shown, signed and run is one and the same, or it is refused. */
export function exactScenarios(world: World, refunds: () => Refunds): void {
  describe('what is not exact', () => {
    it('is answered to the model call by call, and the run goes on to what was meant', async () => {
      const input = world.plans.plan(
        'refund it',
        wants(...ambiguous.map(([, args]) => call('refund', args))),
        wants(call('refund', { order: wideId })),
      );
      const { run, approval } = await world.startPaused(input);
      expect(outputsIn(world.plans.requests(input)[1])).toEqual([
        expect.stringContaining(`/order: the number ${wideId} cannot be kept exactly: give it as a string`),
        expect.stringContaining('/order: the number 1e400 cannot be kept exactly'),
        expect.stringContaining('/order: the same name is there twice'),
        expect.stringContaining('no field can have the name __proto__'),
        expect.stringContaining('/order: half of a character'),
        expect.stringContaining('/order: the character U+0000'),
        expect.stringContaining('nested more than 64 levels deep'),
      ]);
      expect(approval.tool_args).toEqual({ order: wideId });

      const { bodies, asked } = refunds();
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(bodies.splice(0)).toEqual([`{"order":"${wideId}"}`]);
      // The target's own id is a number, which is asked for and told to the last digit.
      expect(asked.splice(0)).toEqual([wideId]);
      expect(outputsIn(world.lastRequest(input)).at(-1)).toBe(wideId);
    });

    it('is not what is deep and long, and just allowed', async () => {
      const order = `${'['.repeat(63)}"p\u0430yments, \u202e ${'x'.repeat(3_000)}", 0.1, 1.50, 1e21, -0${']'.repeat(63)}`;
      const input = world.plans.plan('refund many', wants(call('refund', `{"order": ${order}}`)));
      const { run, approval } = await world.startPaused(input);
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(refunds().bodies.splice(0)).toEqual([canonicalJson(approval.tool_args)]);
      expect(refunds().asked.splice(0)).toEqual([wideId]);
    });

    it('is refused to whoever edits a call, with where it is, and decides nothing', async () => {
      const input = world.plans.plan('refund another', wants(call('refund', { order: '1' })));
      const { run, approval } = await world.startPaused(input);
      const edit = async (args: string) => {
        const response = await fetch(`${world.client.origins.approvals}/approvals/${approval.id}/resolve`, {
          method: 'POST',
          headers: { ...(await world.client.as('ada')), 'content-type': 'application/json' },
          body: `{"status": "approved", "resolution_data": {"tool_args": ${args}}}`,
        });
        const { code, errors } = (await response.json()) as { code?: string; errors?: { path: string }[] };
        return [response.status, code, errors?.[0]?.path.slice(0, '/resolution_data/tool_args'.length)];
      };
      for (const [code, args] of ambiguous)
        expect(await edit(args), args.slice(0, 60)).toEqual([422, code, '/resolution_data/tool_args']);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });
      // In characters this would do. The event has them in bytes, and more than once.
      expect(await edit(JSON.stringify({ order: '漢'.repeat(190_000) }))).toEqual([422, 'too_large', undefined]);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });
      await world.client.resolve(approval.id, 'rejected', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(refunds().bodies).toEqual([]);
    });

    it('is a dead letter when a platform says it, and nothing begins', async () => {
      const run_id = randomUUID();
      const command = (more: string): Message => ({
        topic: 'run.requested',
        key: run_id,
        headers: {},
        value: Buffer.from(`{"run_id": "${run_id}", "agent_id": "worker", "input": "${aLine()}"${more}}`),
      });
      const sent = [`, "deadline_in": ${wideId}`, ', "input": "another"', ', "__proto__": {}', `, "x": ${lists(200)}`];
      await world.stack.withBus((bus) => bus.publish(sent.map(command)));
      const codes = await eventually('the dead letters', async () => {
        const letters = (await world.client.letters()).filter(({ key }) => key === run_id);
        return letters.length === sent.length && letters.map(({ code }) => code);
      });
      expect(codes.toSorted()).toEqual(['duplicate_name', 'inexact_number', 'reserved_name', 'too_deep']);
      await expect(world.client.runs.get(run_id)).rejects.toMatchObject({ status: 404 });
    });
  });
}
