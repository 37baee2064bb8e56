import type { Approval } from '@countersign/contracts/approvals';
import type { Message } from '@countersign/messaging';
import { expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import type { Collector } from '@countersign/testing/trace-collector';
import { executionOnce } from './executor-calls.js';
import { call, outputsIn, wants } from '../runs/model-plans.js';
import { checkTrace, startTraced } from './traced.js';
import { pendingOf } from '../world/flow.js';
import { readAll } from '../world/stack.js';
import type { World } from '../world/world.js';

const requests = 'e2e.releases.requests';
const replies = 'e2e.releases.replies';

/** Calls that another platform makes, which is asked over the log. */
export function platformScenarios(world: World, collector: () => Collector): void {
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
    const calls = ['one', 'two'].map((name) => call('deploy_elsewhere', { name }));
    // Of the first item it takes no notice but in its log.
    const input = world.plans.plan('ask the platform twice', wants({ type: 'mystery' }, ...calls));
    const run = await startTraced(world, input);
    const pending = await pendingOf(world.client, run.run_id, 2);
    const approvals = calls.map(({ call_id }) => pending.find(({ tool_call_id }) => tool_call_id === call_id)!);
    const [one, two] = approvals as [Approval, Approval];
    for (const { id } of approvals) await world.client.resolve(id, 'approved', 'ada');
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
    // One process is ended to look at its log, and with it the span of a call under way; see its traces.spec.ts.
    if (world.stack.name !== 'embedded') await checkTrace(world, collector(), asked);
  }, 120_000);
}
