import type { Approval } from '@countersign/contracts/approvals';
import type { Message } from '@countersign/messaging';
import { expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { approvedCalls, executionOnce } from './executor-calls.js';
import { outputsIn } from '../runs/model-plans.js';
import { readAll } from '../world/stack.js';
import type { World } from '../world/world.js';

const requests = 'e2e.releases.requests';
const replies = 'e2e.releases.replies';

/** Calls that another platform makes, which is asked over the log. */
export function platformScenarios(world: World): void {
  const topics = [requests, replies];
  const reply = (id: string, value: Buffer): Message => ({
    topic: replies,
    key: null,
    headers: { 'correlation-id': id },
    value,
  });
  const says = (id: string, said: object) => reply(id, Buffer.from(JSON.stringify(said)));

  it('a call that another platform makes ends with its reply, whatever else is said and however late', async () => {
    await world.stack.withBus(async () => undefined, topics);
    const { input, run, approvals } = await approvedCalls(world, 'deploy_elsewhere', { name: 'one' }, { name: 'two' });
    const [one, two] = approvals as [Approval, Approval];
    for (const approval of approvals) await executionOnce(world, approval, 'running');
    const asked = await world.stack.withBus(async (bus) => {
      const mine = await eventually('the requests', async () => {
        const seen = await readAll(bus, [requests]);
        const ours = seen.filter(({ headers }) => approvals.some(({ id }) => id === headers['correlation-id']));
        return ours.length >= 2 && ours;
      });
      const done = says(one.id, { state: 'deployed', url: 'https://releases.example/1' });
      await bus.publish([
        reply(one.id, Buffer.from([0xff, 0x00])),
        says('somebody else', { state: 'refused' }),
        says(one.id, { state: 'queued' }),
        done,
        done,
        says(two.id, { state: 'refused', url: 'a freeze' }),
      ]);
      return mine;
    }, topics);
    expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    expect(
      asked.map(({ headers, value }) => [headers['correlation-id'], headers['attempt'], JSON.parse(String(value))]),
    ).toEqual(
      expect.arrayContaining([
        [one.id, '1', { name: 'one' }],
        [two.id, '1', { name: 'two' }],
      ]),
    );
    expect(asked).toHaveLength(2);
    expect(outputsIn(world.lastRequest(input))).toEqual([
      'https://releases.example/1',
      expect.stringContaining('the platform says "refused": a freeze'),
    ]);
  }, 120_000);
}
