import { Grant, parseEventData } from '@countersign/contracts';
import { deepFreeze } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import { now, nowSeconds } from './approval.given.js';
import { covers, decideGrant, type GrantMessage, type NewGrant } from './grant.js';

const asked: NewGrant = {
  id: 'grant-1',
  run_id: 'run-1',
  approval_id: 'approval-1',
  agent_id: 'ops',
  tool_name: 'deploy',
  arguments: { service: 'billing', regions: ['eu', 'us'] },
  created_by: 'bob',
  traceparent: null,
  expires_in: 600,
};
const created: GrantMessage = { type: 'created', grant: asked };
const used = (approval_id: string): GrantMessage => ({ type: 'used', approval_id });
const revoked: GrantMessage = { type: 'revoked', by: 'carol' };

const outcome = (grant: Grant | undefined, message: GrantMessage, at = now) => {
  const transition = decideGrant(deepFreeze(grant), deepFreeze(message), at);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  return transition;
};
const grantAfter = (...messages: readonly GrantMessage[]): Grant =>
  messages.reduce<Grant | undefined>((grant, message) => outcome(grant, message).state, undefined)!;
const grant = grantAfter(created);

describe('a standing grant', () => {
  it('holds from when it is given until its deadline, and says who gave it', () => {
    const { state, events } = outcome(undefined, created);
    expect(Grant.parse(state)).toEqual(state);
    expect(state).toMatchObject({ expires_at: nowSeconds + 600, created_by: 'bob', revoked_at: null, uses: [] });
    expect(events).toMatchObject([
      { type: 'approval.grant_created', data: { grant_id: 'grant-1', by: 'bob', expires_at: nowSeconds + 600 } },
    ]);
    events.forEach(({ type, data }) => parseEventData(type, data));
  });

  it('is given once', () => {
    expect(decideGrant(grant, created, now)).toEqual({ kind: 'ignored', reason: 'the grant exists' });
  });

  it('notes each use once, and tells nobody', () => {
    const { state, events } = outcome(grant, used('approval-2'));
    expect(state.uses).toEqual([{ approval_id: 'approval-2', at: nowSeconds }]);
    expect(events).toEqual([]);
    expect(decideGrant(state, used('approval-2'), now).kind).toBe('ignored');
  });

  it('remembers the latest hundred uses', () => {
    const all = grantAfter(created, ...Array.from({ length: 101 }, (_, n) => used(`approval-${n}`)));
    expect(all.uses).toHaveLength(100);
    expect(all.uses.at(-1)).toMatchObject({ approval_id: 'approval-100' });
    expect(all.uses[0]).toMatchObject({ approval_id: 'approval-1' });
  });

  it('is revoked once, by somebody who is named', () => {
    const { state, events } = outcome(grant, revoked);
    expect(state).toMatchObject({ revoked_at: nowSeconds, revoked_by: 'carol' });
    expect(events).toMatchObject([{ type: 'approval.grant_revoked', data: { grant_id: 'grant-1', by: 'carol' } }]);
    expect(decideGrant(state, revoked, now)).toEqual({ kind: 'ignored', reason: 'it is revoked' });
  });

  it.each([used('approval-2'), revoked])('has to be there for anything else: $type', (message) => {
    expect(decideGrant(undefined, message, now)).toEqual({ kind: 'rejected', reason: 'there is no such grant' });
  });
});

describe('a call', () => {
  const call: Parameters<typeof covers>[1] = {
    agent_id: 'ops',
    tool_name: 'deploy',
    tool_args: { ...asked.arguments, version: '2.1.0' },
  };

  it('is let through with the arguments of the grant, and others besides', () => {
    expect(covers(grant, call, now)).toBe(true);
    expect(covers(grantAfter({ type: 'created', grant: { ...asked, arguments: {} } }), call, now)).toBe(true);
  });

  it.each<[string, Partial<typeof call>]>([
    ['of another agent', { agent_id: 'dev' }],
    ['of another tool', { tool_name: 'undeploy' }],
    ['with another argument', { tool_args: { ...call.tool_args, service: 'auth' } }],
    ['with an argument of another type', { tool_args: { ...call.tool_args, regions: 'eu,us' } }],
    ['with a list in another order', { tool_args: { ...call.tool_args, regions: ['us', 'eu'] } }],
    ['without one of the arguments', { tool_args: { service: 'billing', version: '2.1.0' } }],
  ])('is not let through %s', (_, change) => {
    expect(covers(grant, { ...call, ...change }, now)).toBe(false);
  });

  it('is not let through from the second at which the grant ends', () => {
    const end = (nowSeconds + 600) * 1000;
    expect(covers(grant, call, end - 1)).toBe(true);
    expect(covers(grant, call, end)).toBe(false);
  });

  it('is not let through by a grant that is revoked', () => {
    expect(covers(outcome(grant, revoked).state, call, now)).toBe(false);
  });

  it('is not let through without an argument that a grant wants to be undefined', () => {
    const odd = { ...grant, arguments: { toString: null } };
    expect(covers(odd, { ...call, tool_args: {} }, now)).toBe(false);
  });
});
