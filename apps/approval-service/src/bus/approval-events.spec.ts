import type { Principal } from '@countersign/auth';
import type { EventData } from '@countersign/contracts';
import type { PossiblyExecuted } from '@countersign/contracts/approvals';
import { NoticeKind } from '@countersign/contracts/deliveries';
import { Presentation } from '@countersign/contracts/presentation';
import { TerminalError } from '@countersign/contracts/problems';
import { after, atSeconds, toEpochMillis, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { requestClaimsOf, runEndClaimsOf, signRequest, signRunEnd } from '@countersign/signing';
import { goldenEvent } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { required, requestFor, requirementWith, runFailed } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';
import { webhookTo } from '../../test/notify.fixtures.js';

const { event } = required();
const id = event.data.approval_id;
const restart = { approval_id: 'restart', tool_call_id: 'call_2', tool_name: 'restart' };
const looks = { approval_id: 'looks', tool_call_id: 'call_3', tool_name: 'list_services' };
const bob = somebody('bob');

const rules = {
  policies: {
    rules: [
      { name: 'no restarts', when: { tool: ['restart'] }, then: { reject: 'Not on Fridays.' } },
      { name: 'looking is free', when: { tool: ['list_services'] }, then: { approve: true } },
    ],
    default: {
      require: {
        allow: ['approve', 'reject', 'edit', 'grant'],
        grant: { arguments: 'chosen' },
        remind_after: '1h',
        escalate: { after: '2h', to: ['leads'] },
      },
    },
  },
  groups: { leads: ['erin'] },
  tools: ['restart', 'list_services'].map((name) => ({ name, description: '', parameters: { type: 'object' } })),
};

const everything = { ...webhookTo('http://127.0.0.1:9/'), on: NoticeKind.options };

let open: OpenedApprovals;
beforeEach(async () => (open = await openApprovals({ rules, channels: [everything] })));
afterEach(() => open.close());
const typesOf = () => open.published().map(({ type }) => type);

describe('a request that no runner signed', () => {
  it('is stored nowhere, and an alarm', async () => {
    const strict = await openApprovals({ rules, requests: 'signed' });
    await expect(strict.events.required(event)).rejects.toThrow(TerminalError);
    expect(await strict.store.get(id)).toBeUndefined();
    expect(strict.refused).toHaveBeenCalledWith(
      'request',
      'not_authentic',
      expect.objectContaining({ reason: 'The request is not signed.' }),
    );
    await expect(strict.events.failed(runFailed)).rejects.toThrow(/not signed/);
    expect(strict.refused).toHaveBeenCalledWith('run_end', 'not_authentic', expect.anything());
    await strict.close();
  });
});

describe('a request for what nobody here knows', () => {
  it('is rejected with the reason, so that its run does not wait', async () => {
    const reason = 'no tool "deploy_to_production" is declared where it would be decided';
    const careful = await openApprovals({ rules, gate: () => ({ code: 'unknown_tool', reason }) });
    await careful.events.required(event);
    expect(careful.last('approval.resolved')?.data).toMatchObject({
      status: 'rejected',
      automatic: true,
      resolution_data: { code: 'unknown_tool', note: `Rejected without review: ${reason}.` },
      signature: expect.any(String),
    });
    expect(careful.refused).toHaveBeenCalledWith('request', 'refused', expect.objectContaining({ reason }));
    await careful.close();
  });
});

describe('a call of another risk than the one that a grant was given for', () => {
  it('is approved by the grant only if it is not higher', async () => {
    const argument = 'version';
    const values = { '2.1.0': { risk: 'low' }, '2.1.1': { risk: 'low' }, '3.0.0': { risk: 'critical' } };
    const presentation = Presentation.parse({ environment: { argument, values } });
    const shown = await openApprovals({ rules, presentation });
    await shown.events.required(event);
    const grant = { expires_in: 600, arguments: { service_name: 'auth-service' } };
    await shown.decisions.decide(id, { status: 'approved', resolution_data: { grant } }, bob);
    await shown.events.resolved(shown.last('approval.resolved')!);
    const statusOf = async (version: string) => {
      const tool_args = { service_name: 'auth-service', version };
      await shown.events.required(requestFor({ approval_id: version, tool_call_id: `call_${version}`, tool_args }));
      return (await shown.store.get(version))!.status;
    };
    expect(await statusOf('2.1.1')).toBe('approved');
    expect(await statusOf('3.0.0')).toBe('pending');
    expect(await statusOf('3.0.0 ')).toBe('pending');
    await shown.close();
  });
});

describe('a request for an approval', () => {
  it('becomes an approval by the rules, once', async () => {
    await open.events.required(event);
    await open.events.required(event);
    const approval = await open.store.get(id);
    expect(approval).toMatchObject({ status: 'pending', version: 1, policy: { rule: null, outcome: 'require' } });
    expect(approval!.allowed_decisions).toContain('grant');
    expect(typesOf()).toEqual(['approval.created']);
  });

  it('is answered at once where a rule decides, and the answer is signed', async () => {
    await open.events.required(requestFor(restart));
    expect(open.last('approval.resolved')?.data).toMatchObject({
      status: 'rejected',
      automatic: true,
      resolution_data: { note: 'Not on Fridays.' },
      signature: expect.any(String),
    });
    await open.events.required(requestFor(looks));
    expect(open.last('approval.resolved')?.data).toMatchObject({
      status: 'approved',
      automatic: true,
      signature: expect.any(String),
    });
    expect(await open.store.get('looks')).toMatchObject({ policy: { rule: 'looking is free', outcome: 'approve' } });
  });

  it('is a dead letter when its digest is of another call', async () => {
    const tool_args = { service_name: 'auth-service', version: '6.6.6' };
    const refused = open.events.required(required({}, { tool_args }).event);
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    expect(await open.store.get(id)).toBeUndefined();
  });
});

describe('a request of a run that a restore may have set back', () => {
  const began = atSeconds(1_788_250_000);
  const recovered = toEpochMillis(after(began, 60));
  const opened = (setBack: (began: EpochMillis) => PossiblyExecuted['code'] | null) =>
    openApprovals({ rules, setBack });
  const setBack = (at: EpochMillis) => (at < recovered ? 'set_back' : null);

  it('waits for a person who is shown why, though a rule would let it through', async () => {
    const restored = await opened(setBack);
    await restored.events.required(requestFor({ ...looks, run_began_at: began }));
    expect(await restored.store.get('looks')).toMatchObject({
      status: 'pending',
      approval_type: 'required',
      policy: { outcome: 'approve' },
      possibly_executed: { code: 'set_back' },
    });
    expect(restored.last('approval.created')?.data).toMatchObject({ possibly_executed: { code: 'set_back' } });
    await restored.decisions.decide('looks', { status: 'approved' }, bob);
    expect(restored.last('approval.resolved')?.data).toMatchObject({ status: 'approved', basis: 'people' });
    await restored.close();
  });

  it('waits for a person when its tool only wants a record', async () => {
    const restored = await openApprovals({ setBack });
    const audited = { ...looks, approval_type: 'audit', run_began_at: began } as const;
    await restored.events.required(requestFor(audited));
    expect(await restored.store.get('looks')).toMatchObject({ status: 'pending', approval_type: 'required' });
    await restored.events.required(requestFor({ ...audited, ...restart, run_began_at: after(began, 60) }));
    expect(await restored.store.get('restart')).toMatchObject({ status: 'approved', possibly_executed: null });
    await restored.close();
  });

  it('is let through by the rule when its run began since, and waits when that is not said', async () => {
    const restored = await opened(setBack);
    await restored.events.required(requestFor({ ...looks, run_began_at: after(began, 60) }));
    expect(await restored.store.get('looks')).toMatchObject({ status: 'approved', possibly_executed: null });
    const old = requestFor({ ...looks, approval_id: 'old', tool_call_id: 'call_4', run_began_at: null });
    await restored.events.required(old);
    expect(await restored.store.get('old')).toMatchObject({
      status: 'pending',
      possibly_executed: { code: 'set_back' },
    });
    await restored.close();
  });

  it('waits when only its runner knows of the restore, and while the recovery is not finished', async () => {
    await open.events.required(requestFor({ ...looks, run_began_at: began, set_back: 'set_back' }));
    expect(await open.store.get('looks')).toMatchObject({ status: 'pending' });
    const recovering = await opened(() => 'recovering');
    await recovering.events.required(requestFor({ ...looks, run_began_at: after(began, 60) }));
    expect(await recovering.store.get('looks')).toMatchObject({ possibly_executed: { code: 'recovering' } });
    await recovering.close();
  });

  it('is not approved by a command from before, which the log may have kept', async () => {
    const restored = await opened(setBack);
    const { data: _, ...head } = goldenEvent('approval.resolve_requested');
    const wish = { approval_id: 'looks', status: 'approved' as const };
    const issued = () => restored.tokens.issue(bob, { command: { type: head.type, data: wish }, expires_in: 60 });
    const early = await issued();
    restored.clock.time = after(restored.clock.time, 5_000);
    await restored.events.required(requestFor({ ...looks, run_began_at: began }));
    const sent = async (time: EpochMillis, made?: { token: string }) => {
      const { token } = made ?? (await issued());
      const command = { ...head, id: `command-${time}`, time: new Date(time).toISOString(), data: { ...wish, token } };
      await restored.events.resolveRequested(command);
    };
    await sent(after(restored.clock.time, -5_000));
    expect(await restored.store.get('looks')).toMatchObject({ status: 'pending' });
    expect(restored.last('approval.resolve_refused')?.data).toMatchObject({ code: 'call_changed' });
    // Whoever writes the message says when it was sent, and not when its token was made.
    await sent(after(restored.clock.time, 1), early);
    expect(await restored.store.get('looks')).toMatchObject({ status: 'pending' });
    await sent(restored.clock.time);
    expect(await restored.store.get('looks')).toMatchObject({ status: 'approved', resolved_by: 'bob' });
    await restored.close();
  });

  it('is rejected by a rule as ever', async () => {
    const restored = await opened(setBack);
    await restored.events.required(requestFor({ ...restart, run_began_at: began }));
    expect(await restored.store.get('restart')).toMatchObject({ status: 'rejected' });
    await restored.close();
  });

  it('takes no use of a grant', async () => {
    let isBack = false;
    const restored = await openApprovals({ rules, setBack: () => (isBack ? 'set_back' : null) });
    await restored.events.required(event);
    const grant = { expires_in: 600, max_uses: 5 };
    await restored.decisions.decide(id, { status: 'approved', resolution_data: { grant } }, bob);
    await restored.events.resolved(restored.last('approval.resolved')!);
    const again = (n: number) => requestFor({ approval_id: `again-${n}`, tool_call_id: `call_again_${n}` });
    await restored.events.required(again(1));
    expect(await restored.store.get('again-1')).toMatchObject({ status: 'approved', granted: expect.anything() });
    isBack = true;
    await restored.events.required(again(2));
    expect(await restored.store.get('again-2')).toMatchObject({ status: 'pending', granted: null });
    const [stored] = await restored.grantStore.find({ filter: {}, sort: [], limit: 1 });
    expect(stored!.uses).toHaveLength(1);
    await restored.close();
  });

  it('is not covered by a grant from before, whose uses and end may be lost, in a run that began since', async () => {
    let recovered = atSeconds(0);
    const setBack = (at: EpochMillis) => (at < toEpochMillis(recovered) ? 'set_back' : null);
    const restored = await openApprovals({ rules, setBack });
    await restored.events.required(event);
    await restored.decisions.decide(id, { status: 'approved', resolution_data: { grant: { expires_in: 600 } } }, bob);
    await restored.events.resolved(restored.last('approval.resolved')!);
    recovered = after(toEpochSeconds(restored.clock.time), 1);
    const again = { approval_id: 'again', tool_call_id: 'call_again', run_began_at: recovered };
    await restored.events.required(requestFor(again));
    expect(await restored.store.get('again')).toMatchObject({
      status: 'pending',
      granted: null,
      possibly_executed: null,
    });
    await restored.close();
  });
});

describe('a command to decide', () => {
  beforeEach(() => open.events.required(event));
  const command = (change: Partial<EventData<'approval.resolve_requested'>> = {}) => {
    const { data, ...golden } = goldenEvent('approval.resolve_requested');
    return { ...golden, data: { ...data, ...change } };
  };
  /** The command with the token of somebody for it, or for another. */
  const commandOf = async (
    who: Principal,
    change: Partial<EventData<'approval.resolve_requested'>> = {},
    promised = change,
  ) => {
    const { type, data } = command(promised);
    const { token } = await open.tokens.issue(who, { command: { type, data }, expires_in: 60 });
    return command({ ...change, token });
  };
  const refusals = () => open.published().filter(({ type }) => type === 'approval.resolve_refused');
  const refusal = () => open.last('approval.resolve_refused')?.data;

  it('counts for whoever its token says, and not for the name it gives', async () => {
    const carol = somebody('carol', 'approver', ['ops']);
    await open.events.resolveRequested(await commandOf(carol, { resolved_by: 'bob' }));
    expect(await open.store.get(id)).toMatchObject({
      status: 'approved',
      decisions: [{ by: 'carol', groups: ['ops'] }],
    });
    expect(refusals()).toEqual([]);
  });

  it('is refused without a token, and says why to whoever listens', async () => {
    await open.events.resolveRequested(command());
    expect(refusal()).toMatchObject({ approval_id: id, command_id: 'release-platform/4712' });
    expect(refusal()).toMatchObject({ code: 'token_missing', reason: expect.stringContaining('POST /auth/tokens') });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', version: 1 });
  });

  it('is refused with a token that is over', async () => {
    const late = await commandOf(bob);
    open.clock.time = after(open.clock.time, 60_000);
    await open.events.resolveRequested(late);
    expect(refusal()).toMatchObject({ code: 'token_over' });
  });

  it('has no token for somebody who may only ask', async () => {
    await expect(commandOf(somebody('ana', 'requester'))).rejects.toMatchObject({
      status: 403,
      detail: expect.stringContaining('approvals:write'),
    });
  });

  it.each<[string, Partial<EventData<'approval.resolve_requested'>>]>([
    ['to reject', { status: 'rejected' }],
    ['without the note', { resolution_data: {} }],
    ['for another approval', { approval_id: 'another' }],
  ])('is refused with a token that was made %s', async (_, promised) => {
    await open.events.resolveRequested(await commandOf(bob, { resolution_data: { note: 'Fine.' } }, promised));
    expect(refusal()).toMatchObject({ code: 'token_of_another' });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', version: 1 });
  });

  it('is refused to whoever asked for the call, though they may decide on others', async () => {
    await open.events.resolveRequested(await commandOf(somebody('ana')));
    expect(refusal()).toMatchObject({
      code: 'may_not_decide',
      reason: expect.stringContaining('the requester does not decide on the call'),
    });
  });

  it('counts once when it comes twice, and the second is not refused', async () => {
    const twice = await commandOf(bob);
    await open.events.resolveRequested(twice);
    await open.events.resolveRequested(twice);
    expect(await open.store.get(id)).toMatchObject({ status: 'approved', version: 2 });
    expect(refusals()).toEqual([]);
  });

  it('that did not count does not count later either, whoever writes it again', async () => {
    const approvers = [{ group: 'ops' }];
    const escalate = { after: '2h', to: ['leads'] };
    const policies = { default: { require: { approvers, escalate } } };
    const later = await openApprovals({ rules: { ...rules, policies, groups: { ops: ['bob'], leads: ['erin'] } } });
    await later.events.required(event);
    const { data, ...head } = goldenEvent('approval.resolve_requested');
    const wish = { approval_id: id, status: 'approved' as const };
    const issued = { command: { type: head.type, data: wish }, expires_in: 60 };
    const { token } = await later.tokens.issue(somebody('erin'), issued);
    const early = { ...head, data: { ...data, resolved_by: undefined, resolution_data: undefined, ...wish, token } };
    await later.events.resolveRequested(early);
    expect(await later.store.get(id)).toMatchObject({ status: 'pending', decisions: [] });
    later.clock.time = after(later.clock.time, 7_200_000);
    await later.approvals.execute(id, { type: 'due' });
    await later.events.resolveRequested(early);
    expect(await later.store.get(id)).toMatchObject({ status: 'pending', decisions: [] });
    await later.close();
  });

  it('is refused when another message has used its token', async () => {
    const first = await commandOf(bob, { status: 'rejected' });
    await open.events.resolveRequested(first);
    await open.events.resolveRequested({ ...first, id: 'replayed' });
    expect(refusal()).toMatchObject({
      command_id: 'replayed',
      reason: expect.stringContaining('used for another message'),
    });
  });

  it('is refused with one and the same event, however often it comes', async () => {
    for (const _ of [1, 2]) await open.events.resolveRequested(command());
    expect(refusals()).toHaveLength(1);
    await open.events.resolveRequested({ ...command(), id: 'release-platform/4713' });
    expect(refusals()).toHaveLength(2);
  });

  it('is refused when it is about another call than the one that is asked for now', async () => {
    await open.events.resolveRequested(await commandOf(bob, { digest: 'another' }));
    expect(refusal()).toMatchObject({ code: 'call_changed', reason: expect.stringContaining('look at it again') });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', version: 1 });
    const { digest } = (await open.store.get(id))!;
    await open.events.resolveRequested({ ...(await commandOf(bob, { digest })), id: 'again' });
    expect(await open.store.get(id)).toMatchObject({ status: 'approved' });
  });

  it('is refused once the approval is resolved', async () => {
    await open.decisions.decide(id, { status: 'rejected' }, bob);
    await open.events.resolveRequested(await commandOf(somebody('carol')));
    expect(refusal()).toMatchObject({ code: 'already_resolved', reason: 'already resolved: rejected.' });
  });

  it('is a dead letter when there is no such approval', async () => {
    const refused = open.events.resolveRequested(command({ approval_id: 'none' }));
    await expect(refused).rejects.toThrow(new TerminalError('approval_not_found', 'there is no approval "none"'));
  });
});

describe('an approval that lets calls to come through as well', () => {
  const grantOf = async () => (await open.grantStore.find({ filter: {}, sort: [], limit: 10 }))[0];
  const resolve = async (grant: object, status: 'approved' | 'rejected' = 'approved') => {
    await open.events.required(event);
    await open.decisions.decide(id, { status, resolution_data: { grant: { expires_in: 600, ...grant } } }, bob);
    const resolved = open.last('approval.resolved')!;
    await open.events.resolved(resolved);
    await open.events.resolved(resolved);
  };

  it('makes a grant, once, and the next such call is approved by it', async () => {
    await resolve({});
    const grant = (await grantOf())!;
    expect(grant).toMatchObject({ approval_id: id, arguments: event.data.tool_args, created_by: 'bob', version: 1 });
    const next = requestFor({ approval_id: 'next', tool_call_id: 'call_next' });
    await open.events.required(next);
    await open.events.required(next);
    expect(await open.store.get('next')).toMatchObject({ status: 'approved', grant_id: grant.id, decisions: [] });
    expect(await grantOf()).toMatchObject({ uses: [{ approval_id: 'next' }], version: 2 });
  });

  it('makes one for the arguments that it names', async () => {
    await resolve({ arguments: { service_name: 'auth-service' } });
    expect(await grantOf()).toMatchObject({ arguments: { service_name: 'auth-service' } });
    const tool_args = { service_name: 'auth-service', version: '2.2.0' };
    await open.events.required(requestFor({ approval_id: 'next', tool_call_id: 'call_next', tool_args }));
    expect(await open.store.get('next')).toMatchObject({ status: 'approved' });
    const other = { service_name: 'billing', version: '2.2.0' };
    await open.events.required(requestFor({ approval_id: 'other', tool_call_id: 'call_other', tool_args: other }));
    expect(await open.store.get('other')).toMatchObject({ status: 'pending', grant_id: null });
  });

  it('makes none when it is rejected', async () => {
    await resolve({}, 'rejected');
    expect(await grantOf()).toBeUndefined();
  });
});

describe('who is notified', () => {
  const notices = async () => {
    const stored = await open.deliveryStore.find({ filter: {}, sort: [], limit: 100 });
    return stored.map(({ kind, n }) => `${kind} ${n}`).toSorted();
  };

  it('is notified of a new approval, of each reminder, of its escalation and of its end', async () => {
    await open.events.required(event);
    await open.events.created(open.last('approval.created')!);
    for (const _ of [1, 2, 3]) {
      open.clock.time = after(open.clock.time, 3_600_000);
      await open.approvals.execute(id, { type: 'due' });
      const { type } = open.published().at(-1)!;
      if (type === 'approval.reminder_due') await open.events.reminderDue(open.last(type)!);
      if (type === 'approval.escalated') await open.events.escalated(open.last(type)!);
    }
    await open.decisions.decide(id, { status: 'approved' }, bob);
    await open.events.resolved(open.last('approval.resolved')!);
    expect(await notices()).toEqual(['escalation 1', 'pending 1', 'reminder 1', 'reminder 2', 'resolved 1']);
  });

  it('is notified once of the end of the run, and not of a call that was requested after it', async () => {
    await open.events.required(event);
    await open.decisions.decide(id, { status: 'approved' }, bob);
    await open.events.failed(runFailed);
    await open.events.failed(runFailed);
    expect(await notices()).toEqual(['ended 1']);
    await open.approvals.execute(id, { type: 'removed' });
    await open.events.failed(runFailed);
    expect(await notices()).toEqual(['ended 1']);
  });

  it('is not notified of an end that no runner signed', async () => {
    const strict = await openApprovals({ rules, requests: 'signed', channels: [everything] });
    await expect(strict.events.failed(runFailed)).rejects.toThrow(/not signed/);
    expect(await strict.deliveryStore.find({ filter: {}, sort: [], limit: 1 })).toEqual([]);
    await strict.close();
  });

  it('is not notified of what somebody made up', async () => {
    await open.events.required(event);
    const { run_id, tool_call_id, tool_name } = event.data;
    const about = { run_id, approval_id: id, tool_call_id, tool_name, status: 'pending' as const };
    const forge = async (n: number) => {
      const { data: _, ...head } = goldenEvent('approval.reminder_due');
      await open.events.reminderDue({
        ...head,
        id: `approvals/${id}/${n}/0`,
        data: { ...about, waiting_since: atSeconds(0), reminder_number: n },
      });
      const escalated = { ...goldenEvent('approval.escalated'), data: { ...about, groups: ['leads'] } };
      await open.events.escalated({ ...escalated, id: `approvals/${id}/${n}/1` });
    };
    for (const n of [1, 2, 7]) await forge(n);
    expect(await notices()).toEqual([]);
    open.clock.time = after(open.clock.time, 3_600_000);
    await open.approvals.execute(id, { type: 'due' });
    for (const n of [3, 4, 9]) await forge(n);
    expect(await notices()).toEqual(['reminder 1']);
  });

  it('is not asked to look at what is decided or removed by then', async () => {
    await open.events.required(event);
    await open.decisions.decide(id, { status: 'approved' }, bob);
    await open.events.created(open.last('approval.created')!);
    expect(await notices()).toEqual([]);
    await open.approvals.execute(id, { type: 'removed' });
    await open.events.resolved(open.last('approval.resolved')!);
    expect(await notices()).toEqual([]);
  });
});

describe('the end of a run', () => {
  it('voids approvals that were not asked for yet', async () => {
    await open.events.failed({ ...runFailed, data: { ...runFailed.data, requirements: [event.data.requirement] } });
    await open.events.required(event);
    expect(await open.store.get(id)).toMatchObject({ status: 'cancelled', run_status: 'ERROR', version: 1 });
    expect(typesOf()).toEqual(['approval.resolved']);
  });

  it('voids approvals that were asked for', async () => {
    await open.events.required(event);
    await open.events.failed(runFailed);
    await open.events.failed({ ...runFailed, data: { ...runFailed.data, requirements: [event.data.requirement] } });
    expect(await open.store.get(id)).toMatchObject({ status: 'cancelled', run_status: 'ERROR', version: 2 });
    expect(typesOf()).toEqual(['approval.created', 'approval.resolved']);
  });

  it('that comes late, or once more, after the run was tried again takes back nothing that was asked for since', async () => {
    open.clock.time = after(open.clock.time, 5_000);
    await open.events.required(event);
    await open.events.failed(runFailed);
    expect(await open.store.get(id)).toMatchObject({ status: 'pending' });
    const strict = await openApprovals({ rules, requests: 'signed' });
    const { signingKey } = strict.ring;
    const at = toEpochSeconds(strict.clock.time);
    const signature = await signRunEnd(signingKey, runEndClaimsOf(runFailed, at));
    const ended = { ...runFailed, data: { ...runFailed.data, signature } };
    strict.clock.time = after(strict.clock.time, 5_000);
    const request = await signRequest(signingKey, requestClaimsOf(event.data, at));
    await strict.events.required({ ...event, data: { ...event.data, signature: request } });
    // Whoever writes it once more says when that is.
    const time = new Date(after(strict.clock.time, 60_000)).toISOString();
    await strict.events.failed({ ...ended, time });
    expect(await strict.store.get(id)).toMatchObject({ status: 'pending' });
    const later = await signRunEnd(signingKey, runEndClaimsOf(runFailed, after(at, 60)));
    await strict.events.failed({ ...runFailed, data: { ...runFailed.data, signature: later } });
    expect(await strict.store.get(id)).toMatchObject({ status: 'cancelled' });
    await strict.close();
  });

  it('makes no approvals of calls that the run waits for without asking here', async () => {
    const requirement = requirementWith({ approval_id: null, approval_type: null });
    await open.events.failed({ ...runFailed, data: { ...runFailed.data, requirements: [requirement] } });
    expect(await open.store.count({})).toBe(0);
  });
});
