import type { RequestedCalls } from '@countersign/contracts/runs';
import { callDigest } from '@countersign/contracts/calls';
import type { Execution } from '@countersign/contracts/executions';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Office } from '../test/external-calls.fixtures.js';
import { adminKey } from '../test/standalone.fixtures.js';

const refund = { tool_name: 'refund', tool_args: { order: 'A-17', amount: 80 } };
const deploy = { tool_name: 'deploy', tool_args: { service: 'auth' } };

describe('the calls of an agent that runs elsewhere', () => {
  let office: Office;
  beforeAll(async () => {
    office = await Office.open();
  }, 60_000);
  afterAll(() => office.standalone.close());

  const approvalsOf = async (run_id: string) =>
    (await office.send<{ data: object[] }>('GET', `/approvals?run_id=${run_id}`, adminKey)).body.data;

  it('are made by the executor once they are approved, and end when all are answered', async () => {
    const { status, body: asked } = await office.ask([deploy, { ...deploy, tool_args: { service: 'billing' } }]);
    expect([status, asked]).toMatchObject([
      202,
      { status: 'PAUSED', user_id: 'bot@services', requested_by: 'bot@services', calls: [{ status: 'waiting' }, {}] },
    ]);
    const [one, two] = asked.calls;
    await office.resolve(one!.id, 'approved');
    await office.resolve(two!.id, 'rejected', { resolution_data: { note: 'Not on a Friday.' } });
    const ended = await office.once(asked, 'succeeded', 'rejected');
    expect(ended).toMatchObject({
      status: 'COMPLETED',
      calls: [
        { status: 'succeeded', result: expect.stringContaining('auth') },
        { status: 'rejected', note: 'Not on a Friday.', result: 'Not on a Friday.', resolved_by: expect.any(String) },
      ],
    });
    const endOf = (id: string) => office.told.filter(({ data }) => data.id === id);
    for (const { id } of [one!, two!])
      await expect.poll(() => endOf(id)).toMatchObject([{ type: 'approval.ended', data: { run_status: 'COMPLETED' } }]);
    const run = await office.send('GET', `/runs/${asked.run_id}`, office.keys.bot);
    expect(run.body).toMatchObject({ steps: 0, usage: { input_tokens: 0, output_tokens: 0 } });
  });

  it('show who decides what the agent says of itself as such, and nothing as known', async () => {
    const told = { reason: 'The parcel is lost.', context: { ticket: 'T-9' }, framework: 'langgraph 1.7' };
    const { body } = await office.ask([refund], told);
    await office.once(body, 'waiting');
    const { reason, context, framework } = told;
    await expect
      .poll(() => approvalsOf(body.run_id))
      .toMatchObject([
        {
          context: { input: null, reason, external: { context, framework } },
          agent_id: 'bot',
          requested_by: 'bot@services',
        },
      ]);
  });

  describe('that are made by their caller', () => {
    it('are handed over with the signed decision on exactly the approved arguments, under a lease', async () => {
      const { asked, id } = await office.approved({ resolution_data: { tool_args: { order: 'A-17', amount: 40 } } });
      const { status, body } = await office.claim(id, 'one');
      expect([status, body]).toMatchObject([
        200,
        {
          tool_args: { order: 'A-17', amount: 40 },
          decision: expect.stringMatching(/^ey/),
          lease: { worker: 'caller/one' },
          attempts: [{ made_by: 'caller', reported_by: 'bot@services' }],
        },
      ]);
      expect(callDigest(body)).toBe(body.digest);
      expect((await office.report(id, { claim: 'one', digest: body.digest })).status).toBe(200);
      expect(await office.once(asked, 'succeeded')).toMatchObject({
        status: 'COMPLETED',
        calls: [{ result: 'Paid.', edited: true, tool_args: { amount: 40 } }],
      });
    });

    it('may have failed, which is reported as it is', async () => {
      const { asked, id } = await office.approved();
      const { body } = await office.claim(id, 'one');
      await office.report(id, { claim: 'one', digest: body.digest, outcome: 'failed', result: 'No funds.' });
      expect(await office.once(asked, 'failed')).toMatchObject({ calls: [{ result: 'No funds.' }] });
    });

    it('have one claim at a time, which is found again by its name', async () => {
      const { id } = await office.approved();
      const first = await office.claim(id, 'one');
      expect((await office.claim(id, 'one')).body.lease).toEqual(first.body.lease);
      expect(await office.claim(id, 'two')).toMatchObject({ status: 409, body: { code: 'claim_lost' } });
      const extended = await office.send('POST', `/executions/${id}/extend`, office.keys.bot, { claim: 'two' });
      expect(extended).toMatchObject({ status: 409, body: { code: 'claim_lost' } });
      expect(await office.report(id, { claim: 'two', digest: first.body.digest })).toMatchObject({ status: 409 });
      await office.report(id, { claim: 'one', digest: first.body.digest });
    });

    it('are unknown when the caller vanishes, also for a caller that reports too late, until a person settles it', async () => {
      const { asked, id } = await office.approved();
      const { body } = await office.claim(id, 'one');
      await office.once(asked, 'outcome_unknown');
      const late = await office.report(id, { claim: 'one', digest: body.digest });
      expect(late).toMatchObject({ status: 409, body: { code: 'claim_lost' } });
      expect(await office.claim(id, 'two')).toMatchObject({ status: 409, body: { code: 'outcome_unknown' } });
      const found = { outcome: 'succeeded', note: 'It is on the statement.' };
      await office.send('POST', `/executions/${id}/resolve-unknown`, adminKey, found);
      expect(await office.once(asked, 'succeeded')).toMatchObject({ status: 'COMPLETED' });
    }, 15_000);

    it('are kept by a caller that says that it still works on them', async () => {
      const { asked, id } = await office.approved();
      const { body } = await office.claim(id, 'one');
      const until = Date.now() + 2_500;
      while (Date.now() < until) {
        const extended = await office.send('POST', `/executions/${id}/extend`, office.keys.bot, { claim: 'one' });
        expect(extended.status).toBe(200);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await office.report(id, { claim: 'one', digest: body.digest });
      await office.once(asked, 'succeeded');
    }, 15_000);

    it('do not begin while a kill switch is on', async () => {
      const { id } = await office.approved();
      await office.send('POST', '/executions/pause', adminKey, { tool_name: 'refund', reason: 'Audit.' });
      expect(await office.claim(id, 'one')).toMatchObject({ status: 409, body: { code: 'call_held' } });
      await office.send('POST', '/executions/resume', adminKey, { tool_name: 'refund' });
      const claimed = await office.claim(id, 'one');
      expect(claimed.status).toBe(200);
      await office.report(id, { claim: 'one', digest: claimed.body.digest });
    });
  });

  describe('are refused', () => {
    it.each([
      ['an agent that there is not', 'nobody', refund, 404, 'agent_not_found'],
      ['an agent that runs here', 'ops', deploy, 409, 'agent_not_external'],
      ['an agent that does not name the caller', 'other', refund, 403, 'caller_not_declared'],
      ['a tool that the agent does not have', 'bot', { tool_name: 'erase' }, 422, 'tool_not_declared'],
      ['a tool that there is not', 'bot', { tool_name: 'fly' }, 422, 'tool_not_declared'],
      ['arguments that do not fit', 'bot', { ...refund, tool_args: { order: 'A-17' } }, 422, 'values_do_not_fit'],
      [
        'an argument more',
        'bot',
        { ...refund, tool_args: { ...refund.tool_args, to: 'eve' } },
        422,
        'values_do_not_fit',
      ],
    ])('for %s', async (_, agent, call, status, code) => {
      expect(await office.ask([call], { agent })).toMatchObject({ status, body: { code } });
    });

    it('for an administrator, whom the agent does not name either', async () => {
      expect(await office.ask([refund], { as: adminKey })).toMatchObject({ body: { code: 'caller_not_declared' } });
    });

    it('for whoever may not ask at all', async () => {
      expect(await office.ask([refund], { as: office.keys.viewer })).toMatchObject({ body: { code: 'missing_scope' } });
    });

    it('and an external agent is not started here', async () => {
      const started = await office.send('POST', '/agents/bot/runs', office.keys.bot, { input: 'Do it.' });
      expect(started).toMatchObject({ status: 409, body: { code: 'agent_external' } });
    });
  });

  describe('an idempotency key', () => {
    it('finds the same calls, and does not take others', async () => {
      const first = await office.ask([refund], { key: 'k-1' });
      const again = await office.ask([refund], { key: 'k-1', reason: 'In other words.' });
      expect(again.body.run_id).toBe(first.body.run_id);
      const edited = { ...refund, tool_args: { order: 'A-17', amount: 8_000 } };
      for (const calls of [[edited], [refund, refund]])
        expect(await office.ask(calls, { key: 'k-1' })).toMatchObject({
          status: 422,
          body: { code: 'idempotency_key_reused' },
        });
      await expect.poll(async () => (await approvalsOf(first.body.run_id)).length).toBe(1);
    });

    it('is of one caller and one agent', async () => {
      const mine = await office.ask([refund], { key: 'k-2' });
      const theirs = await office.ask([refund], { key: 'k-2', agent: 'other', as: office.keys.other });
      expect(theirs).toMatchObject({ status: 202 });
      expect(theirs.body.run_id).not.toBe(mine.body.run_id);
    });

    it('still finds the calls once an edit was approved', async () => {
      const first = await office.ask([refund], { key: 'k-3' });
      await office.resolve(first.body.calls[0]!.id, 'approved', {
        resolution_data: { tool_args: { order: 'A-17', amount: 1 } },
      });
      await office.once(first.body, 'approved');
      expect((await office.ask([refund], { key: 'k-3' })).body).toMatchObject({ run_id: first.body.run_id });
    });
  });

  describe('of another', () => {
    it('are not found, read, begun, reported or cancelled', async () => {
      const { asked, id } = await office.approved();
      const { other } = office.keys;
      for (const agent of ['bot', 'other'])
        expect((await office.send('GET', `/agents/${agent}/calls/${asked.run_id}`, other)).status).toBe(404);
      const cancelled = await office.send('POST', `/agents/bot/runs/${asked.run_id}/cancel`, other);
      expect(cancelled.status).toBe(404);
      expect(await office.claim(id, 'one', other)).toMatchObject({ body: { code: 'execution_not_found' } });
      expect(await office.claim(id, 'one', adminKey)).toMatchObject({ body: { code: 'execution_not_found' } });
      const { body } = await office.claim(id, 'one');
      const report = { claim: 'one', digest: body.digest };
      expect(await office.report(id, { ...report, as: other })).toMatchObject({
        body: { code: 'execution_not_found' },
      });
      expect((await office.report(id, report)).status).toBe(200);
    });
  });

  describe('an outcome', () => {
    it.each(['waiting', 'rejected'])('is not taken of a call that is %s', async (status) => {
      const { body: asked } = await office.ask([refund]);
      const { id } = asked.calls[0]!;
      if (status === 'rejected') await office.resolve(id, 'rejected');
      await office.once(asked, status);
      const { tool_args, tool_name, tool_call_id } = asked.calls[0]!;
      const digest = callDigest({ run_id: asked.run_id, tool_call_id, tool_name, tool_args });
      expect(await office.claim(id, 'one')).toMatchObject({ body: { code: 'execution_not_found' } });
      expect(await office.report(id, { claim: 'one', digest })).toMatchObject({
        body: { code: 'execution_not_found' },
      });
      expect(await office.once(asked, status)).toMatchObject({ calls: [{ status }] });
    });

    it('is not taken before the call has begun, nor of a call that the executor makes', async () => {
      const { id } = await office.approved();
      const { body } = await office.send<{ digest: string }>('GET', `/executions/${id}`, adminKey);
      const early = await office.report(id, { claim: 'one', digest: body.digest });
      expect(early).toMatchObject({ body: { code: 'claim_lost' } });
      const { body: asked } = await office.ask([deploy]);
      await office.resolve(asked.calls[0]!.id, 'approved');
      await office.once(asked, 'succeeded');
      expect(await office.claim(asked.calls[0]!.id, 'one')).toMatchObject({ body: { code: 'wrong_execution_state' } });
    });

    it('counts once, and only of the call that was approved', async () => {
      const { asked, id } = await office.approved();
      const { body } = await office.claim(id, 'one');
      const edited = callDigest({ ...body, tool_args: { order: 'A-17', amount: 8_000 } });
      expect(await office.report(id, { claim: 'one', digest: edited })).toMatchObject({
        body: { code: 'call_changed' },
      });
      const report = { claim: 'one', digest: body.digest };
      expect((await office.report(id, report)).status).toBe(200);
      expect((await office.report(id, report)).status).toBe(200);
      const another = await office.report(id, { ...report, outcome: 'failed', result: 'No.' });
      expect(another).toMatchObject({ status: 409, body: { code: 'claim_lost' } });
      expect(await office.once(asked, 'succeeded')).toMatchObject({ calls: [{ result: 'Paid.' }] });
    });
  });

  describe('over the log', () => {
    type Command = { topic: string; key: string; headers: Record<string, string>; value: Buffer };
    const signed = async (
      type: string,
      data: Record<string, unknown>,
      key = office.keys.bot,
      at = String(data['run_id'] ?? data['approval_id']),
    ): Promise<Command> => {
      const { body } = await office.send<{ token: string }>('POST', '/auth/tokens', key, { command: { type, data } });
      const headers = { ce_id: randomUUID(), ce_source: '/platform', ce_type: type, ce_time: new Date().toISOString() };
      return { topic: type, key: at, headers, value: Buffer.from(JSON.stringify({ ...data, token: body.token })) };
    };
    const publish = (...commands: Command[]) => office.standalone.bus.publish(commands);
    const send = async (...command: Parameters<typeof signed>) => publish(await signed(...command));
    const ask = (data: Record<string, unknown>, key?: string) => send('tool.call_requested', data, key);
    const claim = (approval_id: string, name: string) => signed('tool.claim_requested', { approval_id, claim: name });
    /** The events of this type about a run, or about what a command names instead. */
    const eventsOf = async <D>(type: string, run_id: string) =>
      (await office.send<{ data: { data: D }[] }>('GET', `/events?type=${type}&run_id=${run_id}`, adminKey)).body.data;
    const event = <D>(type: string, key: string) =>
      vi.waitUntil(async () => (await eventsOf<D>(type, key))[0]?.data, { timeout: 8_000 });
    const executionOf = async (id: string) => (await office.send<Execution>('GET', `/executions/${id}`, adminKey)).body;

    it('are asked for with a token, and the same person decides', async () => {
      const run_id = `platform-${Math.random()}`;
      await ask({ agent_id: 'bot', run_id, calls: [deploy] });
      await expect.poll(() => approvalsOf(run_id)).toHaveLength(1);
      const { body } = await office.send<RequestedCalls>('GET', `/agents/bot/calls/${run_id}`, office.keys.bot);
      expect(body).toMatchObject({ requested_by: 'bot@services', calls: [{ status: 'waiting' }] });
    });

    it.each([
      ['of another agent', 'other@', { agent_id: 'bot', calls: [refund] }, 'caller_not_declared'],
      [
        'for what is not declared',
        'bot',
        { agent_id: 'bot', calls: [{ tool_name: 'erase', tool_args: {} }] },
        'tool_not_declared',
      ],
    ])('a command %s is refused in an event', async (_, who, data, code) => {
      const run_id = `platform-${Math.random()}`;
      await ask({ ...data, run_id }, who === 'bot' ? office.keys.bot : office.keys.other);
      await expect
        .poll(
          async () => {
            const path = `/events?type=tool.call_refused&run_id=${run_id}`;
            return (await office.send<{ data: object[] }>('GET', path, adminKey)).body.data;
          },
          { timeout: 8_000 },
        )
        .toMatchObject([{ data: { code } }]);
      expect(await approvalsOf(run_id)).toEqual([]);
    });

    it('are begun, kept and reported by whoever asked, and the events say what came of it', async () => {
      const { asked, id } = await office.approved();
      const { run_id } = asked;
      await publish(await claim(id, 'one'));
      expect(await event('tool.execution_started', run_id)).toMatchObject({ made_by: 'caller', worker: 'caller/one' });
      const { lease, digest } = await executionOf(id);
      await publish(await claim(id, 'one'));
      await expect.poll(async () => (await executionOf(id)).lease!.expires_at).toBeGreaterThan(lease!.expires_at);
      const report = { approval_id: id, claim: 'one', digest, outcome: 'succeeded', result: 'Paid.' };
      await send('tool.report_requested', report);
      expect(await event('tool.execution_completed', run_id)).toMatchObject({ result: 'Paid.' });
      expect(await office.once(asked, 'succeeded')).toMatchObject({ status: 'COMPLETED' });
      expect((await executionOf(id)).attempts).toMatchObject([{ reported_by: 'bot@services' }]);
    });

    it('are claimed before the executor has the decision', async () => {
      const { body: asked } = await office.ask([refund]);
      const { id } = asked.calls[0]!;
      await publish(await claim(id, 'one'));
      await office.resolve(id, 'approved');
      expect(await event('tool.execution_started', asked.run_id)).toMatchObject({ worker: 'caller/one' });
    });

    it('are not kept by a copy of what their caller has said, and its outcome is unknown', async () => {
      const { asked, id } = await office.approved();
      const [begin, extend] = [await claim(id, 'one'), await claim(id, 'one')];
      await publish(begin, extend);
      await event('tool.execution_started', asked.run_id);
      const copies = setInterval(() => void publish(begin, extend), 200);
      onTestFinished(() => clearInterval(copies));
      await office.once(asked, 'outcome_unknown');
      expect((await executionOf(id)).attempts).toHaveLength(1);
    }, 15_000);

    it.each([
      [
        'a claim of another',
        'execution_not_found',
        'other',
        (id: string) => ['tool.claim_requested', { approval_id: id, claim: 'two' }],
      ],
      [
        'another claim',
        'claim_lost',
        'bot',
        (id: string) => ['tool.claim_requested', { approval_id: id, claim: 'two' }],
      ],
      [
        'a report of another',
        'execution_not_found',
        'other',
        (id: string, digest: string) => [
          'tool.report_requested',
          { approval_id: id, claim: 'one', digest, outcome: 'succeeded', result: 'Paid.' },
        ],
      ],
      [
        'a report of another claim',
        'claim_lost',
        'bot',
        (id: string, digest: string) => [
          'tool.report_requested',
          { approval_id: id, claim: 'two', digest, outcome: 'succeeded', result: 'Paid.' },
        ],
      ],
      [
        'a report of another call',
        'call_changed',
        'bot',
        (id: string) => [
          'tool.report_requested',
          { approval_id: id, claim: 'one', digest: 'sha256:other', outcome: 'succeeded', result: 'Paid.' },
        ],
      ],
    ] as const)('%s is refused in an event (%s), and changes nothing', async (_, code, who, command) => {
      const { id } = await office.approved();
      const { body } = await office.claim(id, 'one');
      const [type, data] = command(id, body.digest) as [string, Record<string, unknown>];
      // The answer has the key of the command, by which it is found here.
      const key = randomUUID();
      await send(type, data, office.keys[who], key);
      const refusal = type === 'tool.claim_requested' ? 'tool.claim_refused' : 'tool.report_refused';
      expect(await event(refusal, key)).toMatchObject({ code, approval_id: id });
      expect(await executionOf(id)).toMatchObject({ status: 'running', lease: body.lease });
      expect((await office.report(id, { claim: 'one', digest: body.digest })).status).toBe(200);
    });

    it('are not begun while a kill switch is on', async () => {
      const { asked, id } = await office.approved();
      await office.send('POST', '/executions/pause', adminKey, { tool_name: 'refund', reason: 'Audit.' });
      const key = randomUUID();
      await send('tool.claim_requested', { approval_id: id, claim: 'one' }, office.keys.bot, key);
      expect(await event('tool.claim_refused', key)).toMatchObject({ code: 'call_held' });
      await office.send('POST', '/executions/resume', adminKey, { tool_name: 'refund' });
      expect(await eventsOf('tool.execution_started', asked.run_id)).toEqual([]);
    });
  });

  it('are void once they are cancelled, and nothing begins after', async () => {
    const { asked, id } = await office.approved();
    const waiting = (await office.ask([refund])).body;
    for (const { run_id } of [asked, waiting])
      await office.send('POST', `/agents/bot/runs/${run_id}/cancel`, office.keys.bot, { reason: 'Never mind.' });
    await office.once(waiting, 'cancelled');
    await expect.poll(async () => (await office.claim(id, 'one')).body.code).toBe('wrong_execution_state');
    const { body } = await office.send<RequestedCalls>('GET', `/agents/bot/calls/${asked.run_id}`, office.keys.bot);
    expect(body.status).toBe('CANCELLED');
  });

  it('reach whoever waits as soon as something happens', async () => {
    const { body: asked } = await office.ask([refund]);
    const path = `/agents/bot/calls/${asked.run_id}?since=${asked.version}&timeout=10`;
    const [{ body }] = await Promise.all([
      office.send<RequestedCalls>('GET', path, office.keys.bot),
      office.resolve(asked.calls[0]!.id, 'rejected'),
    ]);
    expect(body).toMatchObject({ status: 'COMPLETED', calls: [{ status: 'rejected' }] });
  });

  it('are a stream of events to who asked, up to their end', async () => {
    const { body: asked } = await office.ask([refund]);
    const response = await office.standalone.ask('GET', `/runs/${asked.run_id}/events`, { key: office.keys.bot });
    expect(response.headers.get('content-type')).toMatch(/^text.event-stream/);
    await office.resolve(asked.calls[0]!.id, 'rejected');
    expect([...(await response.text()).matchAll(/^event: (.+)$/gm)].map(([, name]) => name)).toEqual([
      'RunStarted',
      'RunPaused',
      'ToolCallCompleted',
      'RunCompleted',
    ]);
  });
});
