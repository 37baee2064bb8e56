import { eventJsonSchema, isEventName } from '@countersign/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTopics, send } from '../world/external-kafka.js';
import { pendingOf, request } from '../world/flow.js';
import { DistributedStack } from '../world/stack.js';

const flow = [
  'run.started',
  'run.paused',
  'tool.approval_required',
  'approval.created',
  'approval.decision_recorded',
  'approval.resolved',
  'tool.execution_started',
  'tool.execution_completed',
  'run.continued',
  'run.completed',
];

export function describeOutsider({ brokers, mongodb }: { brokers: string; mongodb: string }): void {
  describe('A platform that speaks nothing but Kafka', () => {
    let stack: DistributedStack;
    beforeAll(async () => {
      stack = new DistributedStack({ brokers, mongodb, instances: 1 });
      await stack.start();
    }, 120_000);
    afterAll(() => stack?.close());

    it('starts a run, decides, and reads every event with its CloudEvents headers and its published schema', async () => {
      const run_id = `outside-${Date.now()}`;
      const asked = { run_id, agent_id: 'ops', input: request };
      const roles = { roles: ['admin' as const] };
      await send(
        brokers,
        'run.requested',
        run_id,
        await stack.client.command('run.requested', asked, 'platform', roles),
      );
      const [approval] = await pendingOf(stack.client, run_id);
      const verdict = { approval_id: approval!.id, status: 'approved' };
      const command = await stack.client.command('approval.resolve_requested', verdict, 'ada');
      await send(brokers, 'approval.resolve_requested', run_id, command);

      const seen = await readTopics(brokers, flow, (all) =>
        flow.every((topic) => all.some((each) => each.topic === topic && String(each.key) === run_id)),
      );
      const ofRun = seen.filter(({ key }) => String(key) === run_id);
      expect(new Set(ofRun.map(({ topic }) => topic))).toEqual(new Set(flow));
      for (const { topic, headers, value } of ofRun) {
        expect(headers).toMatchObject({
          ce_specversion: '1.0',
          ce_type: topic,
          ce_id: expect.stringMatching(/^(runs|approvals|executions)\/.+\/\d+\/\d+$/),
          ce_source: expect.stringMatching(/^\/countersign\/(agent-runner|approval-service|executor)$/),
          ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
          ce_subject: expect.stringContaining('/'),
          'content-type': 'application/json',
        });
        if (!isEventName(topic)) throw new Error(`${topic} is not in the catalogue`);
        // An event may come twice, and a schema may be given once.
        const ajv = new Ajv2020({ strict: false });
        const valid = ajv.validate(eventJsonSchema(topic), JSON.parse(String(value)));
        expect(ajv.errors ?? []).toEqual([]);
        expect(valid).toBe(true);
      }
    }, 60_000);
  });
}
