import type { Client } from '../world/client.js';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { says } from '../runs/model-plans.js';
import { aLine, type World } from '../world/world.js';

/** Of somebody who may start runs, and knows the id of somebody else's session. */
export function sessionScenarios(world: World): void {
  const of = (person: string) => world.client.for(person, { roles: ['requester'] });
  const start = (client: Client, input: string, session_id?: string, agent = 'worker') =>
    client.startRun(input, { agent, ...(session_id !== undefined && { session_id }) });

  describe('a session', () => {
    it('of alice is not found for mallory, over HTTP and over the bus; nothing is read, and her runs go on', async () => {
      const [alice, mallory] = [await of('alice'), await of('mallory')];
      const session = `chat-${randomUUID()}`;
      const secret = aLine();
      const first = world.plans.plan(`My secret is ${secret}.`, says('Noted.'));
      const { run_id } = await start(alice, first, session);
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });

      const theft = world.plans.plan('What is the secret?', says('I will not say.'));
      await expect(start(mallory, theft, session)).rejects.toMatchObject({ status: 404 });
      await expect(start(alice, theft, session, 'other')).rejects.toMatchObject({ status: 404 });
      const stolen = randomUUID();
      const data = { run_id: stolen, agent_id: 'worker', input: theft, session_id: session };
      const command = await world.client.command('run.requested', data, 'mallory', { roles: ['requester'] });
      const value = Buffer.from(JSON.stringify(command));
      await world.stack.withBus((bus) => bus.publish([{ topic: 'run.requested', key: stolen, headers: {}, value }]));
      await eventually('the refusal', async () => {
        const refused = await world.client.events.list({ type: ['run.refused'], run_id: stolen });
        return refused.find(({ data: { code } }) => code === 'session_not_found');
      });
      await expect(world.client.runs.get(stolen)).rejects.toMatchObject({ status: 404 });
      expect(world.plans.requests(theft)).toEqual([]);

      const next = world.plans.plan('What did I say?', says('Your secret.'));
      const again = await start(await of('alice'), next, session);
      expect(await world.ended(again.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(JSON.stringify(world.lastRequest(next))).toContain(secret);
    });

    it('that two begin at once is that of one', async () => {
      const session = `chat-${randomUUID()}`;
      const people = await Promise.all(['alice', 'mallory'].map(of));
      const asked = people.map((client, n) => start(client, world.plans.plan(`race ${n}`, says('Yes.')), session));
      const outcomes = await Promise.allSettled(asked);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    });

    it('is not begun by others in the name of a run that is to come', async () => {
      const alice = await of('alice');
      const run = await start(alice, world.plans.plan('mine', says('Yes.')));
      const theft = world.plans.plan('yours', says('Yes.'));
      await expect(start(await of('mallory'), theft, run.run_id)).rejects.toMatchObject({ status: 404 });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });
  });

  it('a run that an administrator starts for nobody records who started it', async () => {
    const platform = await world.client.for('platform', { roles: ['admin'] });
    const run = await platform.startRun(world.plans.plan('for nobody', says('Yes.')), { agent: 'worker' });
    expect(run).toMatchObject({ user_id: null, requested_by: 'platform' });
    expect(await world.ended(run.run_id)).toMatchObject({ requested_by: 'platform' });
  });
}
