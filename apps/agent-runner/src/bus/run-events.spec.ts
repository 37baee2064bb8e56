import { CommandRefused } from '@countersign/auth';
import { derivedId, type Event, type EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { TerminalError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import { after, atSeconds, toEpochSeconds } from '@countersign/contracts/time';
import {
  decisionDetailsDigest,
  DecisionGuard,
  generateKey,
  keysFromText,
  resultDigest,
  signDecision,
  Verifier,
  type DecisionClaims,
} from '@countersign/signing';
import { resultClaimsOf, ResultGuard, signResult, type ResultEvent } from '@countersign/signing/results';
import { goldenEvent } from '@countersign/testing';
import type { Alarms } from '@countersign/service';
import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { RunCommands } from './run-commands.js';
import { RunEventsController } from './run-events.controller.js';
import { agent, call, callIn, completed, failed, outcomeUnknown, resolved } from '../../test/run.fixtures.js';
import { Given, type Process } from '../../test/runner.fixtures.js';

const ring = await keysFromText(JSON.stringify(await generateKey()));
/** What an executor signs with, and nobody decides with. */
const executorsRing = await keysFromText(JSON.stringify(await generateKey()));

/** The handlers as the service has them, with its keys. */
async function handlersOf(given: Given, process: Process) {
  const now = () => given.clock;
  const guard = new DecisionGuard(() => Verifier.fromKeyRing(ring), now);
  const results = new ResultGuard(() => Verifier.fromKeyRing(executorsRing));
  await Promise.all([guard.open(), results.open()]);
  const alarms: Record<keyof Alarms, Mock> = { refused: vi.fn() };
  const commands = new RunCommands(
    { sender: () => Promise.reject(new CommandRefused('token_over', 'no')) },
    given.store,
    'trusted',
  );
  const agents = { has: (id: string) => id === 'ops', callersOf: () => undefined, deadlineFor: () => null };
  const calls = { request: () => Promise.reject(new Error('nobody asks for calls here')) };
  const { runner, sessions } = process;
  const agentOf = async () => agent;
  const on = [agents, commands, calls, sessions, guard, results, alarms, agentOf] as const;
  return { alarms, events: new RunEventsController(runner, ...on) };
}

/** The decision as the approval service would have signed it. */
async function signed(
  event: Event<'approval.resolved'>,
  change: Partial<DecisionClaims> = {},
  key = ring.signingKey,
): Promise<Event<'approval.resolved'>> {
  const { approval_id, run_id, tool_call_id, tool_name, digest, status, pause_type, automatic } = event.data;
  const { resolved_at, policy_version, resolution_data, requester, requested_by } = event.data;
  const call = { approval_id, run_id, tool_call_id, tool_name, digest };
  const result = resolution_data?.result;
  const claims: DecisionClaims = {
    ...call,
    tool_version: event.data.tool_version,
    status,
    pause_type,
    automatic,
    basis: automatic ? 'audit' : 'people',
    grant: null,
    four_eyes: false,
    requester,
    requested_by,
    deciders: [{ by: 'bob', verdict: 'approved', at: resolved_at }],
    required_approvals: 1,
    resolved_at,
    act_by: status === 'approved' ? after(resolved_at, 86_400) : null,
    policy_version,
    details_digest: decisionDetailsDigest(event.data),
    ...(result !== undefined && { result_digest: resultDigest(result) }),
    ...change,
  };
  return { ...event, data: { ...event.data, signature: await signDecision(key, claims) } };
}

describe('a decision that arrives for a run', () => {
  let given: Given;
  let process: Process;
  let before: Run;
  let alarms: Record<keyof Alarms, Mock>;
  let events: RunEventsController;
  beforeEach(async () => {
    given = new Given();
    process = given.open();
    ({ alarms, events } = await handlersOf(given, process));
    await given.begin(process);
    (await given.model.asked()).answer(call('call_a'));
    before = await given.until({ status: 'PAUSED' });
  });
  afterEach(() => given.close());

  const decision = async (
    status: EventData<'approval.resolved'>['status'] = 'approved',
    change: Partial<EventData<'approval.resolved'>> = {},
  ) => resolved(callIn(await given.run(), 'call_a'), status, change);
  const isUntouched = async () => expect(await given.run()).toEqual(before);

  it('is acted on when the approval service has signed it for this call', async () => {
    await events.resolved(await signed(await decision('rejected', { resolution_data: { note: 'Freeze.' } })));
    expect(await given.outputOf(2, 'call_a')).toContain('Freeze.');
  });

  it('is acted on where its digest covers the rules by which it was taken as well', async () => {
    const { data, ...event } = await decision('rejected', {
      requester: 'ana',
      policy_version: 'f00d',
      expires_at: atSeconds(1),
    });
    await events.resolved(await signed({ ...event, data: { ...data, digest: callDigest(data) } }));
    await given.model.asked(2);
  });

  it('is a dead letter when it is not signed, and changes nothing', async () => {
    const refused = events.resolved(await decision());
    await expect(refused).rejects.toMatchObject({ name: 'TerminalError', code: 'not_authentic' });
    await isUntouched();
    expect(alarms.refused).toHaveBeenCalledExactlyOnceWith(
      'decision',
      'not_authentic',
      expect.objectContaining({ approval_id: callIn(before, 'call_a').tool_execution.approval_id }),
    );
  });

  it('is a dead letter when somebody else has signed it', async () => {
    const other = await keysFromText(JSON.stringify(await generateKey()));
    await expect(events.resolved(await signed(await decision(), {}, other.signingKey))).rejects.toBeInstanceOf(
      TerminalError,
    );
    await isUntouched();
  });

  it.each<[string, Partial<EventData<'approval.resolved'>>]>([
    ['other arguments', { tool_args: { service_name: 'auth-service', version: '6.6.6' } }],
    ['another verdict', { status: 'approved' }],
    ['a result that nobody gave', { resolution_data: { result: 'Done.' } }],
  ])('is a dead letter when it was signed for something else: %s', async (_, change) => {
    const event = await signed(await decision('rejected'));
    const tampered = { ...event, data: { ...event.data, ...change } };
    await expect(events.resolved(tampered)).rejects.toBeInstanceOf(TerminalError);
    await isUntouched();
  });

  describe('when the time to act on it is over', () => {
    const late = async (...of: Parameters<typeof decision>) =>
      events.resolved(await signed(await decision(...of), { act_by: toEpochSeconds(given.clock) }));
    const executorSays = async <E extends ResultEvent>(event: E): Promise<E> => ({
      ...event,
      data: { ...event.data, signature: await signResult(executorsRing.signingKey, resultClaimsOf(event)) },
    });

    it('leaves it to the executor to say whether it had acted in time', async () => {
      await late('approved');
      expect(await given.run()).toMatchObject({ status: 'PAUSED', calls: [{ state: 'asked', confirmation: true }] });
      await events.completed(await executorSays(completed(callIn(before, 'call_a'), 'Deployed.')));
      expect(await given.outputOf(2, 'call_a')).toBe('Deployed.');
    });

    it('is answered as the executor refused it when it had not', async () => {
      await late('approved');
      await events.failed(await executorSays(failed(callIn(before, 'call_a'), 'not executed: too late')));
      expect(await given.outputOf(2, 'call_a')).toContain('not executed: too late');
    });

    it.each<[string, ...Parameters<typeof decision>]>([
      ['was refused for a reason', 'rejected', { resolution_data: { note: 'Freeze.' } }],
      ['was made by hand', 'approved', { resolution_data: { result: 'Freeze.' } }],
    ])('is told as it was when the call %s', async (_, ...of) => {
      await late(...of);
      expect(await given.outputOf(2, 'call_a')).toContain('Freeze.');
    });
  });

  it('that is done by hand reaches the model as somebody reported it', async () => {
    await events.resolved(await signed(await decision('approved', { resolution_data: { result: 'Done by hand.' } })));
    expect(await given.outputOf(2, 'call_a')).toContain('Done by hand.');
  });

  it('is a dead letter when it is of no call of the run', async () => {
    const event = await decision();
    const other = { ...event, data: { ...event.data, approval_id: 'another' } };
    await expect(events.resolved(await signed(other))).rejects.toBeInstanceOf(TerminalError);
    await isUntouched();
  });
});

describe('a result that arrives for a run', () => {
  let given: Given;
  let alarms: Record<keyof Alarms, Mock>;
  let events: RunEventsController;
  let before: Run;
  beforeEach(async () => {
    given = new Given();
    const process = given.open();
    ({ alarms, events } = await handlersOf(given, process));
    await given.begin(process);
    (await given.model.asked()).answer(call('call_a'));
    const asking = await given.until({ status: 'PAUSED' });
    await events.resolved(await signed(resolved(callIn(asking, 'call_a'), 'approved')));
    before = await given.run();
  });
  afterEach(() => given.close());

  const said = async <E extends ResultEvent>(event: E, key = executorsRing.signingKey): Promise<E> => ({
    ...event,
    data: { ...event.data, signature: await signResult(key, resultClaimsOf(event)) },
  });
  const asked = () => callIn(before, 'call_a');

  it('goes to the model when an executor has signed it', async () => {
    await events.completed(await said(completed(asked(), 'Deployed.')));
    expect(await given.outputOf(2, 'call_a')).toBe('Deployed.');
    expect(alarms.refused).not.toHaveBeenCalled();
  });

  it('goes to the model when it is a failure, and to a person when nobody knows', async () => {
    await events.outcomeUnknown(await said(outcomeUnknown(asked())));
    expect((await given.run()).calls).toMatchObject([{ unknown: { attempt: 1 } }]);
    await events.failed(await said(failed(asked())));
    expect(await given.outputOf(2, 'call_a')).toContain('exit code 1');
  });

  it('is none of the run when it is of a decision that nobody took: the call is still open', async () => {
    const event = failed(asked(), 'not executed: The decision is not signed.');
    await events.failed(await said({ ...event, data: { ...event.data, execution_id: 'refused-1' } }));
    expect(await given.run()).toEqual(before);
    expect(alarms.refused).not.toHaveBeenCalled();
  });

  it.each<[string, () => Promise<Event<'tool.execution_completed'>>]>([
    ['nobody signed it', async () => completed(asked())],
    ['who decides signed it', () => said(completed(asked()), ring.signingKey)],
    [
      'it is not what was signed',
      async () => {
        const event = await said(completed(asked()));
        return { ...event, data: { ...event.data, result: 'All is well.' } };
      },
    ],
  ])('is a dead letter when %s: the run is as it was, and there is an alarm', async (_, event) => {
    await expect(events.completed(await event())).rejects.toBeInstanceOf(TerminalError);
    expect(await given.run()).toEqual(before);
    expect(alarms.refused).toHaveBeenCalledExactlyOnceWith(
      'result',
      'not_authentic',
      expect.objectContaining({ tool_name: 'deploy_to_production' }),
    );
  });
});

describe('a command for a run', () => {
  let given: Given;
  let events: RunEventsController;
  beforeEach(async () => {
    given = new Given();
    ({ events } = await handlersOf(given, given.open()));
  });
  afterEach(() => given.close());

  it('is a dead letter when there is no such agent, or no such run', async () => {
    const request = goldenEvent('run.requested');
    const refused = events.requested({ ...request, data: { ...request.data, agent_id: 'none' } });
    await expect(refused).rejects.toThrow(new TerminalError('agent_not_found', 'there is no agent "none"'));
    const cancel = goldenEvent('run.cancel_requested');
    await expect(events.cancelRequested(cancel)).rejects.toBeInstanceOf(TerminalError);
  });

  it('starts a run once, however often it comes', async () => {
    const request = goldenEvent('run.requested');
    const event = { ...request, data: { ...request.data, run_id: 'run-1' } };
    await events.requested(event);
    await events.requested(event);
    expect(await given.run()).toMatchObject({ agent_id: 'ops' });
    expect(given.published.filter(({ type }) => type === 'run.started').map(({ id }) => id)).toEqual([
      'runs/run-1/1/0',
    ]);
  });

  it('is a dead letter when a run of another request has its id, so that nobody waits for it in silence', async () => {
    const { data, ...head } = goldenEvent('run.requested');
    const { run_id: _run, session_id: _session, ...bare } = data;
    const event = { ...head, data: bare };
    await events.requested(event);
    const stranger = { ...event, data: { ...bare, user_id: 'mallory' } };
    await expect(events.requested(stranger)).rejects.toThrow(/there is a run "[^"]+" already, of another request/);
    await events.requested(event);
    await events.requested({ ...stranger, source: '/elsewhere' });
    expect(given.published.filter(({ type }) => type === 'run.started')).toHaveLength(2);
  });

  it('is a dead letter when it names its run as one that may be another’s yet', async () => {
    const request = goldenEvent('run.requested');
    const taken = { ...request, data: { ...request.data, run_id: derivedId('run', 'ops', 'ana', 'ana', 'key-1') } };
    await expect(events.requested(taken)).rejects.toThrow(/choose another/);
  });

  it('called like a session of somebody else takes nothing from them', async () => {
    const { data, ...head } = goldenEvent('run.requested');
    const ofUser = (user_id: string, run_id: string, session_id: string) =>
      events.requested({ ...head, data: { ...data, user_id, run_id, session_id } });
    await ofUser('alice', 'run-1', 'chat');
    await ofUser('mallory', 'chat', 'elsewhere');
    await ofUser('alice', 'run-2', 'chat');
    expect(await given.run('run-2')).toMatchObject({ user_id: 'alice', session_id: 'chat' });
    await expect(ofUser('mallory', 'run-3', 'chat')).rejects.toThrow('there is no session "chat"');
  });
});
