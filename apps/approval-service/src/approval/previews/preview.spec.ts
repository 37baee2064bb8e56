import type { Event } from '@countersign/contracts';
import { approvalDigest, type Approval } from '@countersign/contracts/approvals';
import { callDigest } from '@countersign/contracts/calls';
import { previewedCall } from '@countersign/contracts/previews';
import { after, toEpochMillis, type EpochMillis, type Seconds } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  audited,
  broken,
  continued,
  decided,
  inputRequired,
  now,
  nowSeconds,
  required,
  ruled,
  rules,
  values,
} from '../../../test/approval.fixtures.js';
import { decideApproval } from '../approval.js';
import type { ApprovalMessage } from '../messages.js';

const terms = { timeout: 30 as Seconds, required: true };
const parameters = { type: 'object', properties: { service_name: {}, version: {} } };
const asked = (rule = {}, preview = {}) => required(rule, { parameters }, { preview: { ...terms, ...preview } });
const edited = { service_name: 'auth-service', version: '2.1.1' };

function shown(approval: Approval, change: Partial<Event<'tool.previewed'>['data']> = {}): ApprovalMessage {
  const golden = goldenEvent('tool.previewed');
  const { round, call: call_digest } = approval.preview!;
  return { ...golden, data: { ...golden.data, round, call_digest, text: '2.0.3 -> 2.1.0', ...change } };
}
const wanted = (by = 'bob', tool_args?: object, more: object = {}): ApprovalMessage => ({
  type: 'preview_wanted',
  by,
  groups: [],
  terms,
  rules,
  ...(tool_args && { tool_args: { ...tool_args } }),
  ...more,
});
const codeOf = (approval: Approval, message: ApprovalMessage, at: EpochMillis = now) => {
  const transition = decideApproval(approval, message, at);
  return transition.kind === 'rejected' ? transition.code : transition.kind;
};
const failed = { outcome: 'failed', text: 'exit code 1' } as const;

const waiting = approvalAfter(asked());
const ready = continued(waiting, now, shown(waiting));

describe('a call whose tool has a preview', () => {
  it('is shown to people with a request to the executor, which is of exactly this call', () => {
    const transition = decideApproval(undefined, asked(), now);
    if (transition.kind !== 'changed') throw new Error(transition.kind);
    expect(transition.events.map(({ type }) => type)).toEqual(['approval.created', 'approval.preview_asked']);
    const [, { data }] = transition.events as unknown as [unknown, Event<'approval.preview_asked'>];
    expect(data).toMatchObject({ round: 1, tool_args: waiting.tool_args, answer_by: after(nowSeconds, 90) });
    expect(waiting.preview).toMatchObject({ status: 'requested', call: previewedCall(waiting), output: null });
  });

  it.each([
    ['a rule', ruled('approve')],
    ['a rule that rejects', ruled('reject')],
  ])('is not previewed where %s decides on it', (_, policy) => {
    const message = required({}, {}, { preview: terms, policy });
    expect(approvalAfter(message).preview).toBeNull();
  });

  it('is not previewed where its tool only wants a record', () => {
    const message = { ...audited, policyDecision: { ...audited.policyDecision, preview: terms } };
    expect(approvalAfter(message)).toMatchObject({ status: 'approved', preview: null });
  });

  it('is approved by nobody before it is shown, and rejected by whoever may', () => {
    expect(codeOf(waiting, decided('approved', 'bob'))).toBe('preview_missing');
    const own = continued(approvalAfter(asked({}, { required: false })), now);
    expect(codeOf(own, decided('approved', 'bob'))).toBe('preview_missing');
    expect(codeOf(waiting, decided('rejected', 'bob'))).toBe('changed');
  });

  it('is approved with what was shown: the digest of the decision covers both', () => {
    expect(ready.digest).not.toBe(waiting.digest);
    expect(ready.digest).toBe(approvalDigest(ready));
    const transition = decideApproval(ready, decided('approved', 'bob', null, [], ready.digest), now);
    if (transition.kind !== 'changed') throw new Error(transition.kind);
    const { data } = transition.events.at(-1) as Event<'approval.resolved'>;
    expect(data.preview_digest).toBe(ready.preview!.digest);
    expect(data.digest).toBe(callDigest(data));
    expect(callDigest({ ...data, preview_digest: null })).not.toBe(data.digest);
    expect(callDigest({ ...data, preview_digest: 'sha256:00' })).not.toBe(data.digest);
  });

  it('is not approved by whoever saw it without, or with another preview', () => {
    expect(codeOf(ready, decided('approved', 'bob', null, [], waiting.digest))).toBe('call_changed');
    // Without a digest nobody can tell which one was seen: it may have been replaced since.
    expect(codeOf(ready, decided('approved', 'bob'))).toBe('preview_missing');
    const again = continued(ready, now, wanted());
    const other = continued(again, now, shown(again, { text: '2.0.9 -> 2.1.0' }));
    expect(codeOf(other, decided('approved', 'bob', null, [], ready.digest))).toBe('call_changed');
    expect(codeOf(other, decided('approved', 'bob', null, [], other.digest))).toBe('changed');
  });

  it.each<[string, Partial<Event<'tool.previewed'>['data']>, string]>([
    ['of another round', { round: 7 }, 'ignored'],
    ['of other arguments', { call_digest: previewedCall({ ...waiting, tool_args: edited }) }, 'call_changed'],
  ])('is not shown a preview %s', (_, change, code) => expect(codeOf(waiting, shown(waiting, change))).toBe(code));

  it('is not shown another once it is shown one, or is decided', () => {
    expect(codeOf(ready, shown(ready, { text: 'nothing at all' }))).toBe('ignored');
    const again = continued(ready, now, wanted());
    expect(codeOf(again, shown(ready, { text: 'nothing at all' }))).toBe('ignored');
    expect(codeOf(continued(waiting, now, decided('rejected', 'bob')), shown(waiting))).toBe('ignored');
  });

  it('may be approved without where its tool lets it, once the preview has failed', () => {
    const none = continued(waiting, now, shown(waiting, failed));
    expect(none.preview).toMatchObject({ status: 'failed', reason: 'exit code 1', output: null, digest: null });
    expect(codeOf(none, decided('approved', 'bob'))).toBe('preview_missing');
    const first = approvalAfter(asked({}, { required: false }));
    const optional = continued(first, now, shown(first, failed));
    expect(continued(optional, now, decided('approved', 'bob'))).toMatchObject({ status: 'approved' });
  });

  it('has a preview that failed once nobody has answered for long, such as an executor without previews', () => {
    const late = toEpochMillis(waiting.preview!.answer_by);
    expect(waiting.due_at).toBe(late);
    expect(codeOf(waiting, { type: 'due' }, after(late, -1_000))).toBe('ignored');
    const none = continued(waiting, late, { type: 'due' });
    expect(none).toMatchObject({ status: 'pending', due_at: null, preview: { status: 'failed' } });
    expect(codeOf(none, shown(waiting), late)).toBe('ignored');
    expect(codeOf(none, wanted(), late)).toBe('changed');
  });

  it('is done by hand without one, and in an emergency nobody waits for one', () => {
    expect(continued(waiting, now, decided('approved', 'bob', { result: 'Done.' })).status).toBe('approved');
    const glass = { break_glass: [{ group: 'ops', members: ['dave'] }] };
    const first = approvalAfter(asked(glass));
    expect(continued(first, now, broken('dave', { digest: first.digest }))).toMatchObject({ status: 'approved' });
  });
});

describe('other arguments', () => {
  const editable = { allowed_decisions: ['approve' as const, 'reject' as const, 'edit' as const] };
  const first = approvalAfter(asked(editable));
  const ready = continued(first, now, shown(first));
  const edit = decided('approved', 'bob', { tool_args: edited });

  it('are approved only after they were previewed, and then alone', () => {
    expect(codeOf(ready, edit)).toBe('preview_missing');
    const again = continued(ready, now, wanted('bob', edited));
    expect(codeOf(again, edit)).toBe('preview_missing');
    const state = continued(again, now, shown(again));
    expect(codeOf(state, decided('approved', 'bob'))).toBe('preview_missing');
    expect(codeOf(state, edit)).toBe('preview_missing');
    const approved = continued(state, now, { ...edit, digest: state.digest });
    expect(approved).toMatchObject({ status: 'approved', approved_args: edited });
    expect(approved.digest).toBe(approvalDigest(approved));
    expect(approved.preview!.call).toBe(previewedCall({ ...approved, tool_args: edited }));
  });

  it('are approved without what was shown of the requested ones, where its tool lets that be', () => {
    const optional = approvalAfter(asked(editable, { required: false }));
    const state = continued(optional, now, shown(optional), edit);
    expect(state).toMatchObject({ status: 'approved', preview: null });
  });

  it('are not run for whoever may not decide, or may not edit', () => {
    expect(codeOf(ready, wanted('ana', edited))).toBe('may_not_decide');
    expect(codeOf(ready, wanted('ana'))).toBe('may_not_decide');
    const strict = approvalAfter(asked({ allowed_decisions: ['approve', 'reject'] }));
    const state = continued(strict, now, shown(strict));
    expect(codeOf(state, wanted('bob', edited))).toBe('decision_not_allowed');
    expect(codeOf(state, wanted('bob'))).toBe('changed');
  });
});

describe('a call that a person fills in', () => {
  const message = inputRequired();
  const first = approvalAfter({ ...message, policyDecision: { ...message.policyDecision, preview: terms } });
  const asRequested = continued(first, now, shown(first));
  const filled = decided('approved', 'bob', { values });

  it('is not approved with what was shown without the values', () => {
    expect(codeOf(asRequested, { ...filled, digest: asRequested.digest })).toBe('preview_missing');
  });

  it('is previewed with the values, and approved with just these', () => {
    const again = continued(asRequested, now, wanted('bob', undefined, { values }));
    expect(again.preview!.call).toBe(previewedCall({ ...again, tool_args: { ...again.tool_args, ...values } }));
    const ready = continued(again, now, shown(again));
    const other = decided('approved', 'bob', { values: { ...values, replicas: 30 } });
    expect(codeOf(ready, { ...other, digest: ready.digest })).toBe('preview_missing');
    expect(codeOf(ready, { ...filled, digest: asRequested.digest })).toBe('call_changed');
    expect(continued(ready, now, { ...filled, digest: ready.digest })).toMatchObject({ status: 'approved' });
  });

  it('is not previewed with values that do not fit, or that the rules do not let anybody fill in', () => {
    expect(codeOf(asRequested, wanted('bob', undefined, { values: {} }))).toBe('values_do_not_fit');
    const strict = inputRequired({ allowed_decisions: ['approve', 'reject'] });
    const state = approvalAfter({ ...strict, policyDecision: { ...strict.policyDecision, preview: terms } });
    expect(codeOf(continued(state, now, shown(state)), wanted('bob', undefined, { values }))).toBe(
      'decision_not_allowed',
    );
  });
});

it('is the same for all who approve: nobody asks for another once one has', () => {
  const first = approvalAfter(asked(approvalsOfAnybody(2)));
  const ready = continued(first, now, shown(first));
  const half = continued(ready, now, decided('approved', 'bob', null, [], ready.digest));
  expect(codeOf(half, wanted('carol'))).toBe('preview_not_possible');
  expect(continued(half, now, decided('approved', 'carol', null, [], half.digest)).status).toBe('approved');
});

it('is asked for of a tool that has one, one at a time', () => {
  expect(codeOf(waiting, wanted())).toBe('preview_not_possible');
  expect(codeOf(ready, wanted('bob', undefined, { terms: null }))).toBe('preview_not_possible');
});
