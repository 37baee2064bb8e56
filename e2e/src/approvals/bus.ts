import type { Event } from '@countersign/contracts';
import type { Message } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { lineRun, pausedLine } from '../runs/line-run.js';
import { pendingOf } from '../world/flow.js';
import { eventsOf } from '../world/stack.js';
import type { Received } from '../world/webhook-receiver.js';
import type { World } from '../world/world.js';

/** Programs that decide over the log, and those that are told. */
export function busScenarios(world: World, received: () => readonly Received[]): void {
  describe('over the bus', () => {
    const publish = (messages: readonly Message[]) => world.stack.withBus((bus) => bus.publish(messages));

    it('a command counts as whoever its token names, and is refused in an event otherwise', async () => {
      const { run, approval } = await pausedLine(world, 'critical');
      const verdict = { approval_id: approval.id, status: 'approved' };
      const by = (person: string) => world.client.command('approval.resolve_requested', verdict, person);
      const [ofAda, ofOlga, ofOscar] = [await by('ada'), await by('olga'), await by('oscar')];
      const command = (more: object): Message => ({
        topic: 'approval.resolve_requested',
        key: run.run_id,
        headers: {},
        value: bytesOf({ ...verdict, ...more }),
      });
      await publish([command({ resolved_by: 'olga' }), command({ token: 'olga' }), command(ofAda)]);
      const refused = await eventually('the refusals', async () => {
        const events = await eventsOf(world.stack, run.run_id);
        const found = new Map(events.filter(isRefusal).map(({ id, data }) => [id, data.code]));
        return found.size === 3 && [...found.values()];
      });
      expect(refused).toEqual(['token_missing', 'token_over', 'may_not_decide']);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });

      await publish([command(ofOlga), command(ofOscar)]);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(await world.client.approvals.get(approval.id)).toMatchObject({
        status: 'approved',
        decisions: [{ by: 'olga' }, { by: 'oscar' }],
      });
    });

    it('a token that is for one approval decides no other', async () => {
      const [mine, other] = [await pausedLine(world, 'ordinary'), await pausedLine(world, 'ordinary')];
      const ofMine = { approval_id: mine.approval.id, status: 'approved' };
      const { token } = await world.client.command('approval.resolve_requested', ofMine, 'ada');
      const command = ({ approval, run }: typeof mine): Message => {
        const data = { approval_id: approval.id, status: 'approved', token };
        return { topic: 'approval.resolve_requested', key: run.run_id, headers: {}, value: bytesOf(data) };
      };
      await publish([command(other), command(mine)]);
      expect(await world.ended(mine.run.run_id)).toMatchObject({ status: 'COMPLETED' });
      const [refusal] = await eventually('the refusal', async () => {
        const refused = (await eventsOf(world.stack, other.run.run_id)).filter(isRefusal);
        return refused.length > 0 && refused;
      });
      expect(refusal!.data.code).toBe('token_of_another');
      await world.client.resolve(other.approval.id, 'rejected', 'ada');
    });

    it('a run is for whoever the token of its command names, and none is started with a bad one', async () => {
      const { input } = lineRun(world, 'ordinary');
      const [asked, forged, other] = [randomUUID(), randomUUID(), randomUUID()];
      const request = (run_id: string) => ({ run_id, agent_id: 'worker', input, user_id: 'bob' });
      const command = (run_id: string, token: string): Message => {
        return { topic: 'run.requested', key: run_id, headers: {}, value: bytesOf({ ...request(run_id), token }) };
      };
      const by = (role: 'requester' | 'viewer') =>
        world.client.command('run.requested', request(asked), 'rita', { roles: [role] });
      await expect(by('viewer')).rejects.toMatchObject({ status: 403 });
      const { token } = await by('requester');
      await publish([command(asked, token), command(forged, 'rita'), command(other, token)]);
      const [approval] = await pendingOf(world.client, asked);
      expect(await world.client.runs.get(asked)).toMatchObject({ status: 'PAUSED', user_id: 'rita' });
      await world.client.resolve(approval!.id, 'approved', 'ada');
      expect(await world.ended(asked)).toMatchObject({ status: 'COMPLETED' });
      const codes = await eventually('the refusals', async () => {
        const refused = await world.client.events.list({ type: ['run.refused'] });
        const found = [forged, other].map((id) => refused.find(({ run_id }) => run_id === id)?.data['code']);
        return found.every((code) => code !== undefined) && found;
      });
      expect(codes).toEqual(['token_over', 'token_of_another']);
      await expect(world.client.runs.get(forged)).rejects.toMatchObject({ status: 404 });
    });
  });

  it('tells a webhook of an approval and of its resolution, signed, each with an id of its own', async () => {
    const { run, approval } = await pausedLine(world, 'ordinary');
    const outcomeText = (type: string) =>
      eventually(`the webhook to be told: ${type}`, async () => {
        const found = received().filter((each) => each.approval.id === approval.id);
        return found.some((each) => each.type === type) && found;
      });
    // What is decided before anybody was told that it waits is told of once.
    await outcomeText('approval.pending');
    await world.client.resolve(approval.id, 'approved', 'ada');
    await world.ended(run.run_id);
    const told = await outcomeText('approval.resolved');
    expect(told.every(({ isSigned }) => isSigned)).toBe(true);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  });
}

const bytesOf = (data: object): Buffer => Buffer.from(JSON.stringify(data));
const isRefusal = (event: Event): event is Event<'approval.resolve_refused'> =>
  event.type === 'approval.resolve_refused';
