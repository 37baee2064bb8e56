import type { Event, NewEvent } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { after } from '@countersign/contracts/time';
import {
  checkDecision,
  decisionDetailsDigest,
  generateKey,
  keysFromText,
  publicJwks,
  resultDigest,
  Verifier,
} from '@countersign/signing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  audited,
  decided,
  inputRequired,
  now,
  nowSeconds,
  required,
  requirementWith,
  ruled,
  runCancelled,
  values,
} from '../../test/approval.fixtures.js';
import { basis } from '../../test/grant.fixtures.js';
import { decideApproval } from '../approval/approval.js';
import type { ApprovalMessage } from '../approval/messages.js';
import { Signer } from './signer.js';

const ring = await keysFromText(JSON.stringify(await generateKey()));
const hour = 3_600;
const signer = new Signer(
  async () => ring,
  () => hour,
);
const verifier = await Verifier.fromKeyRing(ring);

/** What is stored and published when this message resolves the approval. */
async function sealed(approval: Approval | undefined, message: ApprovalMessage) {
  const transition = decideApproval(approval, message, now);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  const { state, events } = await signer.sign(transition.state, transition.events);
  const { data } = events.find(
    (event): event is NewEvent & Event<'approval.resolved'> => event.type === 'approval.resolved',
  )!;
  return { state, events, data, claims: await verifier.verify(data.signature!) };
}

describe('a resolution', () => {
  beforeAll(() => signer.open());
  const signed = required({ expires_in: 60 }, {}, { policy: ruled('require') });

  it('is signed in the record and in the event, and in nothing else that is published', async () => {
    const { state, events, data } = await sealed(approvalAfter(required()), decided('approved', 'bob'));
    expect(state.signature).toBe(data.signature);
    expect(events.map(({ type }) => type)).toEqual(['approval.decision_recorded', 'approval.resolved']);
    expect(JSON.stringify(events[0])).not.toContain(data.signature);
  });

  it('says what was decided, by whom and until when, and for exactly which call', async () => {
    const { data, claims } = await sealed(approvalAfter(signed), decided('approved', 'bob', { note: 'Fine.' }));
    expect(claims).toEqual({
      approval_id: data.approval_id,
      run_id: data.run_id,
      tool_call_id: data.tool_call_id,
      tool_name: data.tool_name,
      digest: data.digest,
      status: 'approved',
      pause_type: 'external_execution',
      automatic: false,
      basis: 'people',
      grant: null,
      four_eyes: true,
      requester: data.requester,
      requested_by: data.requested_by,
      deciders: [{ by: 'bob', verdict: 'approved', at: nowSeconds }],
      required_approvals: 1,
      resolved_at: nowSeconds,
      act_by: nowSeconds + hour,
      policy_version: ruled('require').version,
      tool_version: data.tool_version,
      details_digest: decisionDetailsDigest(data),
    });
    expect(checkDecision(claims, data, nowSeconds)).toBeUndefined();
  });

  const edit = required(
    { allowed_decisions: ['approve', 'edit'] },
    { parameters: { type: 'object' } },
    { policy: ruled('require') },
  );
  const half = approvalAfter(required(approvalsOfAnybody(2)), decided('approved', 'bob'));
  it.each<[string, Approval | undefined, ApprovalMessage]>([
    ['an approval', approvalAfter(signed), decided('approved', 'bob')],
    ['the last of several', half, decided('approved', 'carol')],
    ['a rejection', approvalAfter(signed), decided('rejected', 'bob', { note: 'Freeze.' })],
    ['other arguments', approvalAfter(edit), decided('approved', 'bob', { tool_args: { version: '2.1.1' } })],
    [
      'values',
      approvalAfter(inputRequired({}, {}, { policy: ruled('require') })),
      decided('approved', 'bob', { values }),
    ],
    ['what was done by hand', approvalAfter(signed), decided('approved', 'bob', { result: 'Done.' })],
    ['an audit', undefined, audited],
    ['an approval by a rule', undefined, required({}, {}, { policy: ruled('approve') })],
    ['a rejection by a rule', undefined, required({}, {}, { policy: ruled('reject'), reason: 'Freeze.' })],
    ['an approval by a grant', undefined, required({}, {}, { policy: ruled('require'), grant: basis })],
    ['an expiry', approvalAfter(required({ expires_in: 1 })), { type: 'removed' }],
    ['the end of a run', approvalAfter(signed), runCancelled],
  ])('can be acted on as it is told: %s', async (_, approval, message) => {
    const { data, claims } = await sealed(approval, message);
    expect(checkDecision(claims, data, nowSeconds)).toBeUndefined();
    const tool_args = { ...data.tool_args, version: '6.6.6' };
    expect(checkDecision(claims, { ...data, tool_args }, nowSeconds)).toMatch(/arguments are not/);
  });

  it('is not taken on from the second at which its time is over, which is counted from the decision and not to its deadline, unless it is no approval', async () => {
    const approved = await sealed(approvalAfter(signed), decided('approved', 'bob'));
    expect(checkDecision(approved.claims, approved.data, after(nowSeconds, 60))).toBeUndefined();
    expect(checkDecision(approved.claims, approved.data, after(nowSeconds, hour))).toMatch(/is over/);
    const rejected = await sealed(approvalAfter(signed), decided('rejected', 'bob'));
    expect(checkDecision(rejected.claims, rejected.data, after(nowSeconds, hour))).toBeUndefined();
  });

  it.each<[string, Partial<Event<'approval.resolved'>['data']>]>([
    ['the note', { resolution_data: { note: 'Do as you like.' } }],
    ['who decided', { resolved_by: 'eve' }],
    ['what is hidden', { redact: [] }],
  ])('vouches for %s', async (_, change) => {
    const secret = required({}, { requirement: requirementWith({ redact: ['version'] }) });
    const note = { note: 'Half a character: \ud800' };
    const { data, claims } = await sealed(approvalAfter(secret), decided('approved', 'bob', note));
    expect(checkDecision(claims, data, nowSeconds)).toBeUndefined();
    expect(checkDecision(claims, { ...data, ...change }, nowSeconds)).toMatch(/differs in person, reason or redaction/);
  });

  it('vouches for the result that somebody gave, and for no other', async () => {
    const { data, claims } = await sealed(approvalAfter(signed), decided('approved', 'bob', { result: 'Done.' }));
    expect(claims.result_digest).toBe(resultDigest('Done.'));
    const resolution_data = { result: 'Undone.' };
    expect(checkDecision(claims, { ...data, resolution_data }, nowSeconds)).toMatch(/result is not/);
  });

  it.each<[string, ApprovalMessage]>([
    ['asked for', required()],
    ['half approved', decided('approved', 'bob')],
  ])('is none while it is only %s, so nothing is signed', async (_, message) => {
    const before = message.type === 'required' ? undefined : approvalAfter(required(approvalsOfAnybody(2)));
    const transition = decideApproval(before, message, now);
    if (transition.kind !== 'changed') throw new Error(transition.reason);
    const { state, events } = await signer.sign(transition.state, transition.events);
    expect(state).toBe(transition.state);
    expect(events).toBe(transition.events);
  });
});

describe('the keys to verify with', () => {
  it('are the public ones', () => {
    expect(signer.jwks()).toEqual(publicJwks(ring));
    expect(JSON.stringify(signer.jwks())).not.toContain('"d"');
  });

  it('are not there before they are opened', () => {
    expect(() => new Signer(async () => ring).ring).toThrow('not open yet');
  });
});
