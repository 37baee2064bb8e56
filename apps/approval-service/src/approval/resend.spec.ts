import type { EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { after as timeAfter, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  audited,
  decided,
  madeVoid,
  now,
  required,
  ruled,
  runCancelled,
} from '../../test/approval.fixtures.js';
import { basis } from '../../test/grant.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';

const later = timeAfter(now, 3_600_000);
const repeated = required({}, { repeated: true });
const resolvedIn = (events: readonly { type: string; data: unknown }[]) =>
  events.find(({ type }) => type === 'approval.resolved')!.data as object;

describe('a request that comes again, since its run got no event', () => {
  it.each<[string, readonly ApprovalMessage[]]>([
    ['by a person', [required(), decided('approved', 'bob')]],
    ['by a rejection', [required(), decided('rejected', 'bob', { note: 'Freeze.' })]],
    ['by a rule', [required({}, {}, { policy: ruled('approve') })]],
    ['by a rule that rejects', [required({}, {}, { policy: ruled('reject'), reason: 'Freeze.' })]],
    ['by a grant', [required({}, {}, { policy: ruled('require'), grant: basis })]],
    ['for the record', [audited]],
    ['by the end of its run', [required(), runCancelled]],
  ])('is answered with what was decided: %s', (_, messages) => {
    const before = approvalAfter(...messages.slice(0, -1));
    const first = decideApproval(messages.length > 1 ? before : undefined, messages.at(-1)!, now);
    if (first.kind !== 'changed') throw new Error(first.reason);
    const again = decideApproval(first.state, repeated, later);
    if (again.kind !== 'changed') throw new Error(again.reason);
    expect(resolvedIn(again.events)).toEqual({
      ...resolvedIn(first.events),
      repeated: true,
      run_status: first.state.run_status,
    });
    expect(again.state).toEqual({ ...first.state, updated_at: again.state.updated_at });
  });

  it('changes nothing while nobody has decided, and nothing when nobody asked again', () => {
    expect(decideApproval(approvalAfter(required()), repeated, later).kind).toBe('ignored');
    expect(decideApproval(approvalAfter(required(), decided('approved', 'bob')), required(), later).kind).toBe(
      'ignored',
    );
  });

  it('says to a run that has heard of an approval, which is forgotten here, since when that run is: its executor answers', () => {
    const { event } = repeated as Extract<ApprovalMessage, { type: 'required' }>;
    const run_began_at = toEpochSeconds(now);
    const requirement = { ...event.data.requirement, confirmation: true };
    const data = { ...event.data, requirement, run_began_at };
    const heard = { ...repeated, event: { ...event, data } } as ApprovalMessage;
    const said = (verdict: 'approved' | 'rejected', message: ApprovalMessage) =>
      decideApproval(approvalAfter(required(), decided(verdict, 'bob')), message, later);
    expect(said('rejected', heard)).toMatchObject({ events: [{ data: { repeated: true, run_began_at } }] });
    for (const told of [said('approved', heard), said('rejected', repeated)])
      expect(told).toMatchObject({ events: [{ data: { repeated: true, run_began_at: null } }] });
  });

  it('is a new one where it never arrived', () => {
    expect(decideApproval(undefined, repeated, now)).toMatchObject({ kind: 'changed', state: { status: 'pending' } });
  });
});

describe('the end of its run that is said again', () => {
  const endAgain = (confirmation: boolean | null = null): ApprovalMessage => {
    const { event, requirement } = madeVoid as Extract<ApprovalMessage, { type: 'void' }>;
    const data = { ...event.data, repeated: true };
    return { type: 'void', event: { ...event, data } as typeof event, requirement: { ...requirement, confirmation } };
  };

  it.each<[string, readonly ApprovalMessage[]]>([
    ['approved', [required(), decided('approved', 'bob'), runCancelled]],
    ['rejected', [required(), decided('rejected', 'bob'), runCancelled]],
    ['cancelled', [required(), runCancelled]],
  ])(
    'is answered with what was decided, and that the run is over, to a run that has not heard it: %s',
    (status, messages) => {
      const said = decideApproval(approvalAfter(...messages), endAgain(), later);
      const data = { status, repeated: true, run_status: 'CANCELLED' };
      expect(said).toMatchObject({ events: [{ type: 'approval.resolved', data }] });
    },
  );

  it('voids what is pending, and is a duplicate to whoever has the decision or publishes it for the first time', () => {
    expect(decideApproval(approvalAfter(required()), endAgain(), later)).toMatchObject({
      state: { status: 'cancelled', run_status: 'CANCELLED' },
      events: [{ type: 'approval.resolved', data: { repeated: false, run_status: null } }],
    });
    const over = approvalAfter(required(), decided('approved', 'bob'), runCancelled);
    expect(decideApproval(over, endAgain(true), later).kind).toBe('ignored');
    expect(decideApproval(over, madeVoid, later).kind).toBe('ignored');
  });
});

describe('a decision that the log never takes', () => {
  const refused: ApprovalMessage = { type: 'never_published', reason: 'larger than the topic takes' };
  const after = (message: ApprovalMessage, ...before: ApprovalMessage[]) => {
    const decided = decideApproval(before.length > 0 ? approvalAfter(...before) : undefined, message, now);
    if (decided.kind !== 'changed') throw new Error(decided.reason);
    const brief = decideApproval(decided.state, refused, later);
    if (brief.kind !== 'changed') throw new Error(brief.reason);
    return brief;
  };
  const note = 'x'.repeat(10_000);

  it('to approve rejects the call instead, so that its run does not wait, and nothing is made of it', () => {
    const tool_args = { service_name: 'auth-service', version: '2.1.1' };
    const { parameters } = { parameters: { type: 'object' } };
    const asked = required({ allowed_decisions: ['approve', 'edit'] }, { parameters });
    const { state, events } = after(decided('approved', 'bob', { note, tool_args }), asked);
    expect(state).toMatchObject({
      status: 'rejected',
      approved_args: null,
      resolution_data: { code: 'not_publishable' },
    });
    const data = resolvedIn(events) as EventData<'approval.resolved'>;
    expect(data).toMatchObject({
      status: 'rejected',
      tool_args: asked.event.data.tool_args,
      automatic: true,
      basis: 'rule',
    });
    expect(data.resolution_data!.note).toMatch(/not executed.*larger than the topic takes/);
    expect(callDigest(data)).toBe(data.digest);
    expect(JSON.stringify(data).length).toBeLessThan(4_000);
    expect(decideApproval(state, refused, later).kind).toBe('ignored');
    const again = decideApproval(state, repeated, later);
    expect(resolvedIn(again.kind === 'changed' ? again.events : [])).toEqual({
      ...data,
      repeated: true,
      run_status: 'PAUSED',
    });
  });

  it.each<[string, string, ApprovalMessage]>([
    ['to reject', 'rejected', decided('rejected', 'bob', { note })],
    ['that there is nothing to decide', 'cancelled', runCancelled],
  ])('%s stays, and is said briefly', (_, status, message) => {
    const { state, events } = after(message, required());
    expect(resolvedIn(events)).toMatchObject({ status, resolution_data: { code: 'not_publishable' } });
    expect(state.status).toBe(status);
    expect(JSON.stringify(resolvedIn(events)).length).toBeLessThan(4_000);
  });

  it('changes nothing of what is pending', () => {
    expect(decideApproval(approvalAfter(required()), refused, later).kind).toBe('ignored');
  });
});
