import type { Event } from '@countersign/contracts';
import type { Message } from '@countersign/messaging';
import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { pausedLine } from './line-run.js';
import { eventsOf } from './stack.js';
import type { Received } from './webhook-receiver.js';
import type { World } from './world.js';

/** Programs that decide over the log, and those that are told. */
export function busScenarios(world: World, received: () => readonly Received[]): void {
  describe('over the bus', () => {
    const publish = (messages: readonly Message[]) => world.stack.withBus((bus) => bus.publish(messages));

    it('a command counts as whoever its token names, and is refused in an event otherwise', async () => {
      const { run, approval } = await pausedLine(world, 'critical');
      const token = (person: string) => world.client.token(person);
      const [ofAda, ofOlga, ofOscar] = [await token('ada'), await token('olga'), await token('oscar')];
      const command = (more: object): Message => ({
        topic: 'approval.resolve_requested',
        key: run.run_id,
        headers: {},
        value: Buffer.from(JSON.stringify({ approval_id: approval.id, status: 'approved', ...more })),
      });
      await publish([command({ resolved_by: 'olga' }), command({ token: 'olga' }), command({ token: ofAda })]);
      const refused = await eventually('the refusals', async () => {
        const events = await eventsOf(world.stack, run.run_id);
        const found = new Map(events.filter(isRefusal).map(({ id, data }) => [id, data.reason]));
        return found.size === 3 && [...found.values()];
      });
      expect(refused).toEqual([
        expect.stringContaining('token'),
        expect.stringContaining('token'),
        expect.stringContaining('only members of operators'),
      ]);
      expect(await world.client.approval(approval.id)).toMatchObject({ status: 'pending', decisions: [] });

      await publish([command({ token: ofOlga }), command({ token: ofOlga }), command({ token: ofOscar })]);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(await world.client.approval(approval.id)).toMatchObject({
        status: 'approved',
        decisions: [{ by: 'olga' }, { by: 'oscar' }],
      });
    });
  });

  it('tells a webhook of an approval and of its resolution, signed, each with an id of its own', async () => {
    const { run, approval } = await pausedLine(world, 'ordinary');
    const toldOf = (type: string) =>
      eventually(`the webhook to be told: ${type}`, async () => {
        const found = received().filter((each) => each.approval.id === approval.id);
        return found.some((each) => each.type === type) && found;
      });
    // What is decided before anybody was told that it waits is told of once.
    await toldOf('approval.pending');
    await world.client.resolve(approval.id, 'approved', 'ada');
    await world.ended(run.run_id);
    const told = await toldOf('approval.resolved');
    expect(told.every(({ isSigned }) => isSigned)).toBe(true);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  });
}

const isRefusal = (event: Event): event is Event<'approval.resolve_refused'> =>
  event.type === 'approval.resolve_refused';
