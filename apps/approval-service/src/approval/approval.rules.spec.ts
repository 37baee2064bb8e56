import { parseEventData, type NewEvent } from '@countersign/contracts';
import { Approval } from '@countersign/contracts/approvals';
import { callDigest } from '@countersign/contracts/calls';
import { after, atSeconds, millisOf, type Seconds, toEpochMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  commented,
  continued,
  decided,
  inputRequired,
  now,
  nowSeconds,
  required,
  ruled,
  runCompleted,
  values,
} from '../../test/approval.fixtures.js';
import { basis } from '../../test/grant.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';

const outcome = (approval: Approval | undefined, message: ApprovalMessage, at = now) => {
  const transition = decideApproval(approval, message, at);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  transition.events.forEach(({ type, data }) => parseEventData(type, data));
  return { ...transition, state: Approval.parse(transition.state) };
};
const typesOf = (events: readonly NewEvent[]) => events.map(({ type }) => type);
const resolvedIn = (events: readonly NewEvent[]) => events.find(({ type }) => type === 'approval.resolved')!.data;
const nowAfter = (seconds: Seconds) => after(now, millisOf(seconds));
const due: ApprovalMessage = { type: 'due' };

describe('a call that a rule decides on', () => {
  it('is approved without asking anybody, and recorded as an audit', () => {
    const { state, events } = outcome(undefined, required({}, {}, { policy: ruled('approve') }));
    expect(state).toMatchObject({
      status: 'approved',
      approval_type: 'audit',
      policy: ruled('approve'),
      decisions: [],
    });
    expect(resolvedIn(events)).toMatchObject({ automatic: true, policy_version: 'f00d', resolved_by: null });
  });

  it('is rejected with the reason of the rule, which the model receives', () => {
    const { state, events } = outcome(undefined, required({}, {}, { policy: ruled('reject'), reason: 'Freeze.' }));
    expect(state).toMatchObject({ status: 'rejected', resolution_data: { note: 'Freeze.' }, due_at: null });
    expect(resolvedIn(events)).toMatchObject({
      status: 'rejected',
      automatic: true,
      resolution_data: { note: 'Freeze.' },
    });
  });

  it('is rejected also when a person was to fill in fields', () => {
    const message = inputRequired({}, {}, { policy: ruled('reject'), reason: 'Freeze.' });
    expect(outcome(undefined, message).state.status).toBe('rejected');
  });

  it('is asked about when a person has to fill in fields, which no rule and no grant can', () => {
    expect(outcome(undefined, inputRequired({}, {}, { policy: ruled('approve') })).state.status).toBe('pending');
    const granted = inputRequired({}, {}, { policy: ruled('require'), grant: basis });
    expect(outcome(undefined, granted).state.status).toBe('pending');
  });

  it('is asked about when the rules want that of a call that its tool only wants recorded', () => {
    const message = required({}, { approval_type: 'audit' }, { policy: ruled('require') });
    expect(outcome(undefined, message).state.status).toBe('pending');
  });

  it('is approved by a grant, which the record names', () => {
    const { state, events } = outcome(undefined, required({}, {}, { policy: ruled('require'), grant: basis }));
    expect(state).toMatchObject({ status: 'approved', grant_id: 'grant-1', approval_type: 'audit' });
    expect(resolvedIn(events)).toMatchObject({ status: 'approved', automatic: true });
  });

  it('keeps beside it what the rules on trial would have said', () => {
    const shadow = ruled('reject', 'tried out');
    expect(outcome(undefined, required({}, {}, { policy: ruled('require'), shadow })).state).toMatchObject({
      shadow,
      status: 'pending',
    });
  });
});

describe('a call that too few are left for besides whoever asked', () => {
  const ops = (...members: string[]) => ({ approvers: [{ group: 'ops', count: 1, members }] });

  it('is rejected at once, since nobody could ever approve it', () => {
    const { state, events } = outcome(undefined, required(ops('ana'), {}, { policy: ruled('require') }));
    expect(state).toMatchObject({
      status: 'rejected',
      resolution_data: { code: 'rejected_by_rule', note: expect.stringMatching(/too few .* it lacks 1 of ops/) },
    });
    expect(typesOf(events)).toEqual(['approval.created', 'approval.resolved']);
  });

  it('waits where there is somebody else, or somebody will stand in', () => {
    expect(outcome(undefined, required(ops('ana', 'bob'))).state.status).toBe('pending');
    const standIns = { escalate_after: 60, escalate_to: [{ group: 'leads', members: ['erin'] }] };
    expect(outcome(undefined, required({ ...ops('ana'), ...standIns })).state.status).toBe('pending');
  });
});

describe('the digest', () => {
  it('covers who asked, the rules and the time limit once there are rules', () => {
    const plain = approvalAfter(required());
    const approval = approvalAfter(required({ expires_in: 60 }, {}, { policy: ruled('require') }));
    expect(approval.digest).not.toBe(plain.digest);
    const bound = { requester: 'ana', policy_version: 'f00d', expires_at: nowSeconds + 60 };
    expect(approval.digest).toBe(callDigest({ ...approval, ...bound }));
    const { events } = outcome(approval, decided('approved', 'bob'));
    expect(resolvedIn(events)).toMatchObject({ ...bound, digest: approval.digest });
  });
});

describe('what is approved', () => {
  const parameters = { type: 'object', properties: { version: { type: 'string' } } };
  const allowed_decisions = ['approve', 'edit', 'values'] as const;
  const tool_args = { service_name: 'auth-service', version: '2.1.1' };

  it('is what somebody made of it, and the record keeps both, with the digest of what is approved', () => {
    const asked = approvalAfter(required({ allowed_decisions: [...allowed_decisions] }, { parameters }));
    const { state, events } = outcome(asked, decided('approved', 'bob', { tool_args }));
    const digest = callDigest({ ...asked, tool_args });
    expect(state).toMatchObject({
      status: 'approved',
      tool_args: asked.tool_args,
      digest,
      approved_args: tool_args,
    });
    expect(resolvedIn(events)).toMatchObject({ tool_args, digest });
  });

  it('is with the values that a person filled in, where both are allowed', () => {
    const asked = approvalAfter(inputRequired({ allowed_decisions: [...allowed_decisions] }));
    const given = { ...asked, parameters };
    const { state, events } = outcome(given, decided('approved', 'bob', { tool_args, values }));
    expect(state.approved_args).toEqual({ ...tool_args, ...values });
    expect(resolvedIn(events)).toMatchObject({ tool_args: { ...tool_args, ...values } });
  });

  it('can be seen by those who come later', () => {
    const terms = { ...approvalsOfAnybody(2), allowed_decisions: [...allowed_decisions] };
    const half = outcome(
      approvalAfter(required(terms, { parameters })),
      decided('approved', 'bob', { tool_args }),
    ).state;
    expect(half).toMatchObject({ status: 'pending', approved_args: tool_args });
    expect(outcome(half, decided('approved', 'carol', { tool_args })).state).toMatchObject({ status: 'approved' });
  });

  it('is published with the result, when it was done by hand', () => {
    const { events } = outcome(approvalAfter(required()), decided('approved', 'bob', { result: 'Done.' }));
    expect(resolvedIn(events)).toMatchObject({ status: 'approved', resolution_data: { result: 'Done.' } });
  });
});

describe('a rejection that does not end it', () => {
  const ofThree = { group: 'ops', count: 2, members: ['bob', 'carol', 'dave'] };
  const asked = approvalAfter(required({ approvers: [ofThree], on_rejection: 'continue' }));

  it('is one less who could approve', () => {
    const one = outcome(asked, decided('rejected', 'bob'));
    expect(one.state.status).toBe('pending');
    expect(typesOf(one.events)).toEqual(['approval.decision_recorded']);
    const approved = continued(one.state, now, decided('approved', 'carol'), decided('approved', 'dave'));
    expect(approved).toMatchObject({ status: 'approved', resolved_by: 'dave' });
  });

  it('ends it once too few are left', () => {
    const { state } = outcome(outcome(asked, decided('rejected', 'bob')).state, decided('rejected', 'carol'));
    expect(state).toMatchObject({ status: 'rejected', resolved_by: 'carol' });
  });
});

describe('the time', () => {
  const leads = [{ group: 'leads', members: ['erin'] }];
  const terms = { expires_in: 100, remind_every: 10, escalate_after: 30, escalate_to: leads };
  const asked = approvalAfter(required(terms));

  it('is due next for whatever comes first', () => {
    expect(asked).toMatchObject({
      remind_at: nowSeconds + 10,
      escalate_at: nowSeconds + 30,
      expires_at: nowSeconds + 100,
    });
    expect(asked.due_at).toBe(toEpochMillis(after(nowSeconds, 10)));
  });

  it('brings a reminder each time that long has passed', () => {
    const { state, events } = outcome(asked, due, nowAfter(10));
    expect(typesOf(events)).toEqual(['approval.reminder_due']);
    expect(events[0]!.data).toMatchObject({ status: 'pending', waiting_since: nowSeconds, reminder_number: 1 });
    expect(outcome(state, due, nowAfter(20)).events[0]!.data).toMatchObject({ reminder_number: 2 });
    expect(state).toMatchObject({
      status: 'pending',
      remind_at: nowSeconds + 20,
      due_at: toEpochMillis(after(nowSeconds, 20)),
    });
    expect(decideApproval(state, due, nowAfter(19)).kind).toBe('ignored');
  });

  it('brings one reminder for all that were missed, and goes on in the same rhythm', () => {
    const reminded = approvalAfter(required({ remind_every: 10 }));
    const { state, events } = outcome(reminded, due, nowAfter(45));
    expect(events).toHaveLength(1);
    expect(state.remind_at).toBe(nowSeconds + 50);
  });

  it('brings the gravest first: it expires, or more people are asked, or there is a reminder', () => {
    const late = outcome(asked, due, nowAfter(30));
    expect(typesOf(late.events)).toEqual(['approval.escalated']);
    expect(late.events[0]!.data).toMatchObject({ groups: ['leads'], status: 'pending' });
    expect(late.state).toMatchObject({ escalated_at: nowSeconds + 30, escalate_at: null });
    expect(typesOf(outcome(late.state, due, nowAfter(30)).events)).toEqual(['approval.reminder_due']);
    const over = outcome(asked, due, nowAfter(100));
    expect(typesOf(over.events)).toEqual(['approval.resolved']);
    expect(over.state).toMatchObject({ status: 'expired', escalated_at: null });
  });

  it('lets more people decide once it is escalated, and only once', () => {
    const escalated = outcome(asked, due, nowAfter(30)).state;
    expect(escalated.due_at).toBe(toEpochMillis(after(nowSeconds, 10)));
    const reminded = outcome(escalated, due, nowAfter(30)).state;
    expect(decideApproval(reminded, due, nowAfter(30)).kind).toBe('ignored');
    expect(outcome(reminded, decided('approved', 'erin'), nowAfter(31)).state.status).toBe('approved');
  });

  it('has no meaning any more for what is resolved', () => {
    const { state } = outcome(asked, decided('approved', 'bob'));
    expect(state).toMatchObject({ due_at: null, remind_at: null, escalate_at: null, expires_at: nowSeconds + 100 });
    expect(decideApproval(state, due, nowAfter(1_000)).kind).toBe('ignored');
  });
});

describe('a comment', () => {
  const asked = approvalAfter(required());

  it('is kept and published, and decides nothing', () => {
    const { state, events } = outcome(asked, commented());
    const comment = { id: 'comment-1', by: 'carol', at: nowSeconds, text: 'Is the change window open?' };
    expect(state).toMatchObject({ status: 'pending', comments: [comment], decisions: [] });
    expect(events).toMatchObject([{ type: 'approval.commented', data: { status: 'pending', comment } }]);
  });

  it('is said once, however often it arrives', () => {
    const { state } = outcome(asked, commented());
    expect(decideApproval(state, commented(), now)).toEqual({ kind: 'ignored', reason: 'this comment is recorded' });
  });

  it('may come after the decision, which stays', () => {
    const approved = approvalAfter(required(), decided('approved', 'bob'), runCompleted);
    const { comments, ...rest } = outcome(approved, commented()).state;
    expect(comments).toHaveLength(1);
    expect({ ...rest, comments: [] }).toEqual(approved);
  });

  it('is the last that fits: there is an end to it', () => {
    const full = {
      ...asked,
      comments: Array.from({ length: 1_000 }, (_, n) => ({ id: `${n}`, by: null, at: atSeconds(0), text: '.' })),
    };
    expect(decideApproval(full, commented(), now)).toMatchObject({ kind: 'rejected', code: 'too_many_comments' });
  });
});

describe('what several people approve', () => {
  const two = approvalAfter(required(approvalsOfAnybody(2)), decided('approved', 'bob', { result: 'Done.' }));

  it('is the same result, or nobody says that it was done by hand', () => {
    expect(decideApproval(two, decided('approved', 'carol'), now)).toMatchObject({ kind: 'rejected' });
    const { state } = outcome(two, decided('approved', 'carol', { result: 'Done.' }));
    expect(state).toMatchObject({ status: 'approved', resolution_data: { result: 'Done.' } });
  });
});

describe('an escalation', () => {
  const terms = {
    approvers: [
      { group: 'ops', count: 1, members: ['bob'] },
      { group: null, count: 1, members: null },
    ],
    escalate_after: 60,
    escalate_to: [{ group: 'leads', members: ['erin'] }],
  };

  it('resolves when those who have decided are enough from then on', () => {
    const waiting = approvalAfter(required(terms), decided('approved', 'dave'), decided('approved', 'erin'));
    expect(waiting.status).toBe('pending');
    const { state, events } = outcome(waiting, due, nowAfter(60));
    expect(state).toMatchObject({ status: 'approved', resolved_by: 'erin' });
    expect(typesOf(events)).toEqual(['approval.escalated', 'approval.resolved']);
  });

  it('passes nothing that may have been made since by records that are lost: who has decided decides anew', () => {
    const waiting = approvalAfter(required(terms), decided('approved', 'dave'), decided('approved', 'erin'));
    const { state, events } = outcome(waiting, { type: 'due', set_back: 'set_back' }, nowAfter(60));
    const since = after(nowSeconds, 60);
    expect(state).toMatchObject({ status: 'pending', possibly_executed: { code: 'set_back', since } });
    expect(typesOf(events)).toEqual(['approval.escalated']);
    const once = outcome(state, decided('approved', 'dave'), nowAfter(61)).state;
    expect(once.status).toBe('pending');
    expect(outcome(once, decided('approved', 'erin'), nowAfter(62)).state.status).toBe('approved');
  });
});
