import type { EventData } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { toEpochMillis } from '@countersign/contracts/time';
import type { Message } from '@countersign/messaging';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { approvedCalls, asked, executionOnce } from './executor-calls.js';
import { forged, forgedResult, putAside, signedWithUnknownKey } from '../gate/forgery.js';
import { readAll } from '../world/stack.js';
import type { World } from '../world/world.js';

/** What is done without a decision, or by one that is not for it: nothing. */
export function decisionScenarios(world: World): void {
  describe('a decision', () => {
    const publish = (...messages: Message[]) => world.stack.withBus((bus) => bus.publish(messages));
    /** What was refused of an approval, which is a record apart from the one that it may still have. */
    const refusalsOf = async ({ id }: Approval) => {
      const { data } = await world.client.executions.list({ status: 'failed', limit: 1000 });
      return data.filter((each) => each.approval_id === id && each.id !== id).map(({ error }) => error);
    };
    const refused = (approval: Approval, count: number) =>
      eventually('the refusals', async () => {
        const refusals = await refusalsOf(approval);
        return refusals.length === count && refusals;
      });

    it('that nobody took makes nothing happen, and leaves the call to those who may', async () => {
      const { run, approvals } = await asked(world, 'deploy', {});
      const [approval] = approvals as [Approval];
      await publish(forged(approval), forged(approval, { signature: await signedWithUnknownKey(approval) }));
      expect((await refused(approval, 2)).toSorted()).toEqual([
        'not executed: It is signed with a key that is not known.',
        'not executed: The decision is not signed.',
      ]);
      expect(world.startsOf(approval)).toEqual([]);
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.startsOf(approval)).toEqual([1]);
    });

    it('for other arguments, another call or a second time makes nothing happen', async () => {
      const { run, approvals } = await approvedCalls(world, 'deploy', {});
      const [approval] = approvals as [Approval];
      await world.ended(run.run_id);
      const { approvals: others, run: other } = await asked(world, 'deploy', {});
      const [unapproved] = others as [Approval];
      const resolved = await resolvedEvent(approval);
      const altered = { ...resolved.data, tool_args: { name: 'something else' } };
      const reused = { ...resolved.data, approval_id: unapproved.id };
      await publish(
        resolved.message,
        { ...resolved.message, headers: {}, value: Buffer.from(JSON.stringify(altered)) },
        { ...forged(unapproved, { signature: resolved.data.signature }) },
        { ...resolved.message, headers: {}, value: Buffer.from(JSON.stringify(reused)) },
      );
      expect(await refused(approval, 1)).toEqual([expect.stringMatching(/arguments are not/)]);
      await refused(unapproved, 2);
      expect(world.startsOf(approval)).toEqual([1]);
      expect(world.startsOf(unapproved)).toEqual([]);
      await world.client.cancelRun(other.run_id, 'only a test', 'worker');
    });

    it('that was taken before its deadline is acted on after it: there is one answer', async () => {
      await world.client.turn('pause', 'deploy');
      const { run, approvals } = await approvedCalls(world, 'deploy', { name: 'urgent' });
      const [approval] = approvals as [Approval];
      await executionOnce(world, approval, 'queued');
      await eventually('its deadline to be over', async () => Date.now() >= toEpochMillis(approval.expires_at!));
      await world.client.turn('resume', 'deploy');
      await world.ended(run.run_id);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'approved' });
      expect(await world.client.executions.get(approval.id)).toMatchObject({ status: 'succeeded' });
      expect(world.startsOf(approval)).toEqual([1]);
    });

    it('is not taken from a result that no executor signed: the run goes on waiting', async () => {
      const { run, approvals } = await asked(world, 'deploy', {});
      const [approval] = approvals as [Approval];
      await publish(forgedResult(approval));
      const [letter] = await putAside(world.stack, 'agent-runner', run.run_id, 1);
      expect(letter!.code).toBe('not_authentic');
      expect(await world.client.runs.get(run.run_id)).toMatchObject({ status: 'PAUSED' });
      await world.client.cancelRun(run.run_id, 'only a test', 'worker');
    });

    /** The decision as it is in the log. */
    async function resolvedEvent({ id, run_id }: Approval) {
      const deliveries = await world.stack.withBus((bus) => readAll(bus, ['approval.resolved']));
      const found = deliveries
        .filter(({ key, value }) => key === run_id && value !== null)
        .map(({ topic, key, headers, value }) => ({
          message: { topic, key, headers, value },
          data: JSON.parse(value!.toString()) as EventData<'approval.resolved'>,
        }));
      return found.find(({ data }) => data.approval_id === id && data.signature !== null)!;
    }
  });
}
