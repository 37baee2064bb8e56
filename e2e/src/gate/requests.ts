import { approvalId } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { callDigest } from '@countersign/contracts/calls';
import type { DeadLetter } from '@countersign/contracts/event-log';
import type { RunOutput } from '@countersign/contracts/runs';
import { deadLetterTopic, type Message } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { call, wants } from '../runs/model-plans.js';
import { aLine, type World } from '../world/world.js';

/** Of somebody who can write to the log, or to the embedded file, and has no key: requests, ends of runs, dead letters. */
export function requestScenarios(world: World): void {
  const publish = (...messages: Message[]) => world.stack.withBus((bus) => bus.publish(messages));
  /** The dead letter that a group made of a message of the run. */
  const givenUp = (topic: string, key: string): Promise<DeadLetter> =>
    eventually(`a dead letter of ${topic}`, async () => {
      const letters = await world.client.letters({ topic });
      const found = letters.find((letter) => letter.key === key);
      return found && world.client.deadLetters.get(found.id);
    });

  describe('somebody who has no key of a runner', () => {
    it.each(['audit', 'required'])('asks in vain for a call, as %s', async (approval_type) => {
      const line = aLine();
      const { message, id, key } = request(line, { approval_type });
      await publish(message);
      expect(await givenUp('tool.approval_required', key)).toMatchObject({ code: 'not_authentic' });
      await expect(world.client.approvals.get(id)).rejects.toMatchObject({ status: 404 });
      await expect(world.client.executions.get(id)).rejects.toMatchObject({ status: 404 });
      expect(world.timesWritten(line)).toBe(0);
    });

    it.each(['run.cancelled', 'run.failed'] as const)('does not void what a run asks for with a %s', async (topic) => {
      const line = aLine();
      const input = world.plans.plan('deploy', wants(call('deploy', { line })));
      const { run, approval } = await world.startPaused(input);
      await publish(end(topic, run, approval));
      await givenUp(topic, run.run_id);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', run_status: 'PAUSED' });
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
    });

    it('does not have it handed on by a replay of a dead letter that never was a message', async () => {
      const { message, id, key } = request(aLine(), { approval_type: 'audit' });
      await publish(planted(message));
      const letter = await givenUp('tool.approval_required', key);
      await expect(world.client.deadLetters.replay(letter.id, 'it looks right')).rejects.toMatchObject({
        status: 422,
        detail: expect.stringMatching(/not signed/),
      });
      await expect(world.client.approvals.get(id)).rejects.toMatchObject({ status: 404 });
      await world.client.deadLetters.discard(letter.id, 'forged');
    });
  });
}

/** A request for a call of the tool `deploy`, of a run that there is not. */
function request(line: string, { approval_type }: { approval_type: string }) {
  const [run_id, tool_call_id] = [randomUUID(), 'call_1'];
  const id = approvalId(run_id, tool_call_id);
  const of = { tool_call_id, tool_name: 'deploy', tool_args: { line } };
  const tool_execution = {
    ...of,
    result: null,
    requires_confirmation: false,
    confirmed: null,
    requires_user_input: false,
    external_execution_required: true,
    approval_type,
    approval_id: id,
  };
  const data = {
    run_id,
    agent_id: 'worker',
    session_id: run_id,
    user_id: 'ana',
    ...of,
    approval_id: id,
    approval_type,
    pause_type: 'external_execution',
    source_name: 'Worker',
    requirement: {
      id,
      confirmation: null,
      confirmation_note: null,
      external_execution_result: null,
      user_input_schema: null,
      tool_execution,
    },
    context: { input: 'Deploy it.', reason: 'Ada said so.' },
    digest: callDigest({ run_id, ...of }),
  };
  return { message: bare('tool.approval_required', run_id, data), id, key: run_id };
}

/** As if the run were over, and had still waited for this. */
function end(topic: 'run.cancelled' | 'run.failed', run: RunOutput, { requirements }: Approval): Message {
  const { run_id, agent_id, session_id, user_id } = run;
  const why = topic === 'run.failed' ? { error: 'It is over.' } : { reason: 'It is over.' };
  return bare(topic, run_id, { run_id, agent_id, session_id, user_id, ...why, requirements });
}

/** A dead letter of a message that was never on its topic. */
const planted = (message: Message): Message => ({
  ...message,
  topic: deadLetterTopic,
  headers: {
    dead_letter_topic: message.topic,
    dead_letter_partition: '0',
    dead_letter_offset: String(Date.now()),
    dead_letter_group: 'approval-service',
    dead_letter_reason: 'RetryableError: the database was away',
    dead_letter_time: new Date().toISOString(),
  },
});

const bare = (topic: string, key: string, data: object): Message => ({
  topic,
  key,
  headers: {},
  value: Buffer.from(JSON.stringify(data)),
});
