import { eventsTo, type Event } from '@countersign/contracts';
import { approvalDigest } from '@countersign/contracts/approvals';
import { deadLetterTopic, originalOf, type Delivery, type Message } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '@countersign/client';
import { checkOnRecord } from './record/on-record.js';
import { eventually } from './world/eventually.js';
import { pausedRun, pendingOf, request } from './world/flow.js';
import { eventsOf, ofRuns, readAll, serviceNames, type Stack } from './world/stack.js';

/** What the system promises, told once and held on every stack. */
export function describeScenarios(name: string, makeStack: () => Promise<Stack> | Stack): void {
  describe(`Countersign on ${name}`, () => {
    let stack: Stack;

    beforeAll(async () => {
      stack = await makeStack();
      await stack.start();
    }, 120_000);
    afterEach(() => stack.start());
    afterAll(() => stack?.close());

    const deploymentsOf = (id: string) => stack.deployments().filter(({ release_id }) => release_id === id);
    const ended = (runId: string) => stack.client.waitForRun(runId, ['COMPLETED', 'ERROR', 'CANCELLED'], 30);

    it('pauses a run on a call, makes exactly the approved call, and goes on with its result', async () => {
      const { run, approval } = await pausedRun(stack.client);
      expect(run.status).toBe('PAUSED');
      expect(approval).toMatchObject({
        status: 'pending',
        approval_type: 'required',
        pause_type: 'external_execution',
        source_type: 'agent',
        source_name: 'Operations',
        tool_name: 'deploy_to_production',
        tool_args: { service_name: 'auth-service', version: '2.1.0' },
        run_id: run.run_id,
        agent_id: 'ops',
        context: { input: request },
      });
      expect(approval.digest).toBe(approvalDigest(approval));
      expect(deploymentsOf(approval.id)).toEqual([]);

      const resolved = await stack.client.resolve(approval.id, 'approved', 'ada', { note: 'go ahead' });
      expect(resolved).toMatchObject({ status: 'approved', resolved_by: 'ada' });

      const done = await ended(run.run_id);
      expect(done.status).toBe('COMPLETED');
      expect(done.content).toContain('Deployed auth-service 2.1.0');
      expect(deploymentsOf(approval.id)).toHaveLength(1);
      const { data } = await stack.client.executions.list({ run_id: run.run_id });
      expect(data).toMatchObject([
        { id: approval.id, status: 'succeeded', approved_by: 'ada', attempts: [{ attempt: 1, outcome: 'succeeded' }] },
      ]);
      await eventually('the approval to know that its run is over', async () => {
        return (await stack.client.approvals.get(approval.id)).run_status === 'COMPLETED';
      });
    });

    it('puts all of it on record, which proves itself', () => checkOnRecord(stack));

    it('tells the model why a call was rejected, and makes no call', async () => {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'rejected', 'ada', { note: 'freeze until Monday' });
      const done = await ended(run.run_id);
      expect(done.status).toBe('COMPLETED');
      expect(done.content).toContain('freeze until Monday');
      expect(deploymentsOf(approval.id)).toEqual([]);
      expect((await stack.client.executions.list({ run_id: run.run_id })).data).toEqual([]);
    });

    it('decides each call of a turn on its own, and goes on once all are answered', async () => {
      const { run_id } = await stack.client.startRun('Deploy auth-service v1.0, billing v2.0 and search v3.0.');
      const [first, second, third] = await pendingOf(stack.client, run_id, 3);
      await stack.client.resolve(first!.id, 'approved', 'ada');
      await stack.client.resolve(second!.id, 'rejected', 'ada', { note: 'not this one' });
      await eventually('the first to be deployed', async () => deploymentsOf(first!.id).length === 1);
      expect((await stack.client.runs.get(run_id)).status).toBe('PAUSED');
      await stack.client.resolve(third!.id, 'approved', 'grace');
      const done = await ended(run_id);
      expect(done.status).toBe('COMPLETED');
      expect(done.content).toContain('not this one');
      expect(deploymentsOf(second!.id)).toEqual([]);
      expect(deploymentsOf(third!.id)).toHaveLength(1);
    });

    it('executes nothing when a person did it by hand', async () => {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada', { result: 'done with kubectl' });
      expect((await ended(run.run_id)).content).toContain('done with kubectl');
      expect(deploymentsOf(approval.id)).toEqual([]);
    });

    it('lets one of 50 concurrent decisions win and tells the 49 others so', async () => {
      const { run, approval } = await pausedRun(stack.client);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          stack.client.resolve(approval.id, n % 2 ? 'approved' : 'rejected', `person-${n}`).then(
            () => 200,
            (error: ApiError) => error.status,
          ),
        ),
      );
      expect(answers.filter((status) => status === 200)).toHaveLength(1);
      expect(answers.filter((status) => status === 409)).toHaveLength(49);
      await ended(run.run_id);
      const { status } = await stack.client.approvals.get(approval.id);
      expect(deploymentsOf(approval.id)).toHaveLength(status === 'approved' ? 1 : 0);
    });

    it('starts one run for one Idempotency-Key', async () => {
      const key = `key-${Date.now()}`;
      const runs = await Promise.all(Array.from({ length: 5 }, () => stack.client.startRun(request, { key })));
      expect(new Set(runs.map(({ run_id }) => run_id)).size).toBe(1);
      await expect(stack.client.startRun('Something else.', { key })).rejects.toMatchObject({ status: 422 });
      await stack.client.cancelRun(runs[0]!.run_id, 'only a test');
    });

    it('voids what a cancelled run asked for', async () => {
      const { run, approval } = await pausedRun(stack.client);
      const cancelled = await stack.client.cancelRun(run.run_id, 'changed my mind');
      expect(cancelled).toMatchObject({ status: 'CANCELLED', error: 'changed my mind' });
      await eventually(
        'the approval to be void',
        async () => (await stack.client.approvals.get(approval.id)).status === 'cancelled',
      );
      await expect(stack.client.resolve(approval.id, 'approved', 'ada')).rejects.toMatchObject({ status: 409 });
      expect(deploymentsOf(approval.id)).toEqual([]);
    });

    it('hides a removed approval and lets its run go on', async () => {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.approvals.remove(approval.id);
      await expect(stack.client.approvals.get(approval.id)).rejects.toMatchObject({ status: 404 });
      expect((await ended(run.run_id)).content).toContain('NOT made');
    });

    it('says what to do when something does not exist', async () => {
      await expect(stack.client.runs.get('nope')).rejects.toMatchObject({
        status: 404,
        code: 'run_not_found',
        hint: { action: 'list_runs' },
      });
      await expect(stack.client.approvals.get('nope')).rejects.toMatchObject({ status: 404 });
      await expect(stack.client.resolve('nope', 'approved', 'ada')).rejects.toMatchObject({ status: 404 });
      await expect(stack.client.settle('nope', 'failed', 'looked')).rejects.toMatchObject({ status: 404 });
    });

    it('is driven over the bus alone: a bare message starts a run, another decides', async () => {
      const run_id = `bare-${Date.now()}`;
      const asked = { run_id, agent_id: 'ops', input: request };
      const command = await stack.client.command('run.requested', asked, 'platform', { roles: ['admin'] });
      await stack.withBus((bus) => bus.publish([bare('run.requested', run_id, command)]));
      const [approval] = await pendingOf(stack.client, run_id);
      const verdict = { approval_id: approval!.id, status: 'approved' };
      const decision = await stack.client.command('approval.resolve_requested', verdict, 'a platform');
      await stack.withBus((bus) => bus.publish([bare('approval.resolve_requested', run_id, decision)]));
      expect((await ended(run_id)).status).toBe('COMPLETED');
      expect(deploymentsOf(approval!.id)).toHaveLength(1);
    });

    it('cancels a run over the bus', async () => {
      const { run } = await pausedRun(stack.client);
      const cancel = { run_id: run.run_id, reason: 'stop' };
      const command = await stack.client.command('run.cancel_requested', cancel, 'platform', { roles: ['admin'] });
      await stack.withBus((bus) => bus.publish([bare('run.cancel_requested', run.run_id, command)]));
      expect((await ended(run.run_id)).status).toBe('CANCELLED');
    });

    it('tells the whole story of a run in its events, in the order of its transitions', async () => {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      await ended(run.run_id);
      const events = await eventually('all events of the run', async () => {
        const seen = await eventsOf(stack, run.run_id);
        return seen.some(({ type }) => type === 'run.completed') && seen;
      });
      expect(distinct(events).toSorted()).toEqual([
        'approval.created',
        'approval.decision_recorded',
        'approval.resolved',
        'run.completed',
        'run.continued',
        'run.paused',
        'run.started',
        'tool.approval_required',
        'tool.execution_completed',
        'tool.execution_progress',
        'tool.execution_started',
      ]);
    });

    it('changes nothing when every message comes twice', async () => {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      const before = await settledSnapshot(run.run_id);
      await stack.withBus(async (bus) => {
        const all = await readAll(bus, ofRuns);
        await bus.publish(all.map(again));
      });
      await everythingBeforeIsHandled(run.run_id);
      expect(await snapshot(stack, run.run_id)).toEqual(before);
      expect(deploymentsOf(approval.id)).toHaveLength(1);
    }, 120_000);

    it('changes nothing when the whole log is replayed from its beginning', async () => {
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      const before = await settledSnapshot(run.run_id);
      const deployments = stack.deployments();
      await stack.stop();
      await stack.rewind();
      await stack.start();
      await everythingBeforeIsHandled(run.run_id);
      expect(await snapshot(stack, run.run_id)).toEqual(before);
      expect(stack.deployments()).toEqual(deployments);
    }, 120_000);

    it('sends poison on any topic to the dead letters, as it was, and handles the next message', async () => {
      const mark = randomUUID();
      const poison: Message[] = consumedTopics.flatMap((topic) => [
        { topic, key: 'poison', headers: { case: `${mark} not JSON` }, value: Buffer.from([0xff, 0x00, 0x7b]) },
        { topic, key: 'poison', headers: { case: `${mark} wrong schema` }, value: Buffer.from('{"surprise":true}') },
        { topic, key: null, headers: { case: `${mark} null` }, value: null },
        { topic, key: 'poison', headers: { case: `${mark} large` }, value: Buffer.alloc(1_000_000, 'x') },
        { topic, key: '\0', headers: { case: `${mark} Avro`, '$a.\0': '\0' }, value: Buffer.from('\0\0\0\0\x07\x02r') },
        { topic, key: '', headers: { case: `${mark} two ids`, ce_id: '1', CE_ID: '2' }, value: Buffer.from('{}') },
      ]);
      await stack.withBus((bus) => bus.publish(poison));

      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      expect((await ended(run.run_id)).status).toBe('COMPLETED');

      const letters = await deadLettersOf(mark, expectedLetters(poison));
      expect(letters).toHaveLength(expectedLetters(poison));
      for (const { message, code, group } of letters.map(originalOf)) {
        const sent = poison.find(
          (each) => each.topic === message.topic && each.headers['case'] === message.headers['case'],
        )!;
        expect(message.key).toBe(sent.key);
        expect(message.value === null ? null : message.value.equals(sent.value!)).toBe(
          sent.value === null ? null : true,
        );
        expect(code).toBe(codes[message.headers['case']!.slice(mark.length + 1)]);
        expect(serviceNames).toContain(group);
      }
    }, 180_000);

    /** The records of a run once its last event has arrived everywhere. */
    const settledSnapshot = (runId: string) =>
      eventually('the approvals to know that the run is over', async () => {
        const seen = await snapshot(stack, runId);
        const isSettled =
          seen.run.status === 'COMPLETED' && seen.approvals.every(({ run_status }) => run_status === 'COMPLETED');
        return isSettled && seen;
      });

    /** Puts a message that ends in the dead letters behind whatever there is for a key, and waits until it is there. */
    async function everythingBeforeIsHandled(key: string): Promise<void> {
      const mark = randomUUID();
      const marks = consumedTopics.map((topic) => ({
        topic,
        key,
        headers: { case: mark },
        value: Buffer.from('mark'),
      }));
      await stack.withBus((bus) => bus.publish(marks));
      await deadLettersOf(mark, expectedLetters(marks));
    }

    const deadLettersOf = (mark: string, count: number) =>
      eventually(
        'the dead letters',
        async () => {
          const letters = await stack.withBus((bus) => readAll(bus, [deadLetterTopic]));
          const found = letters.filter(({ headers }) => headers['case']?.startsWith(mark));
          return found.length >= count && found;
        },
        { ms: 60_000, every: 300 },
      );
  });
}

/** The code of the dead letter of each kind of poison. */
const codes: Record<string, string> = {
  'not JSON': 'not_utf8',
  'wrong schema': 'invalid_data',
  null: 'no_value',
  large: 'not_json',
  Avro: 'unsupported_encoding',
  'two ids': 'invalid_envelope',
};

/** Every topic that some service handles. */
const consumedTopics = [...new Set(serviceNames.flatMap(eventsTo))];

/** One dead letter for each group that was to handle the topic. */
const expectedLetters = (poison: readonly { topic: string }[]): number =>
  poison.reduce(
    (sum, { topic }) => sum + serviceNames.filter((service) => eventsTo(service).includes(topic as never)).length,
    0,
  );

const bare = (topic: string, key: string, data: object): Message => ({
  topic,
  key,
  headers: {},
  value: Buffer.from(JSON.stringify(data)),
});

const again = ({ topic, key, headers, value }: Delivery): Message => ({ topic, key, headers, value });

const distinct = (events: readonly Event[]): string[] => [
  ...new Map(events.map(({ id, type }) => [id, type])).values(),
];

async function snapshot(stack: Stack, run_id: string) {
  const [run, approvals, executions] = await Promise.all([
    stack.client.runs.get(run_id),
    stack.client.approvals.list({ run_id }),
    stack.client.executions.list({ run_id }),
  ]);
  return { run, approvals: approvals.data, executions: executions.data };
}
