import { parseEventData } from '@countersign/contracts';
import { Grant } from '@countersign/contracts/approvals';
import { after, toEpochMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { now, nowSeconds } from '../../test/approval.fixtures.js';
import { created, grantAfter, newGrant, told } from '../../test/grant.fixtures.js';
import { basisOf, decideGrant, shown, type GrantMessage } from './grant.js';

const used = (approval_id: string): GrantMessage => ({ type: 'used', approval_id });
const revoked: GrantMessage = { type: 'revoked', by: 'carol' };
const grant = grantAfter(created());
const end = toEpochMillis(after(nowSeconds, 600));

describe('a standing grant', () => {
  it('holds from when it is given until its deadline, and says who gave it', () => {
    const { state, events } = told(undefined, created());
    expect(state).toMatchObject({
      expires_at: nowSeconds + 600,
      created_by: 'bob',
      given_by: [{ by: 'bob', at: nowSeconds }],
      revoked_at: null,
      max_uses: 10,
      uses: [],
    });
    expect(events).toMatchObject([
      { type: 'approval.grant_created', data: { grant_id: 'grant-1', by: 'bob', expires_at: nowSeconds + 600 } },
    ]);
    events.forEach(({ type, data }) => parseEventData(type, data));
  });

  it('is given once', () => {
    expect(decideGrant(grant, created(), now)).toEqual({ kind: 'ignored', reason: 'the grant exists' });
  });

  it('notes each use once, and tells nobody', () => {
    const { state, events } = told(grant, used('approval-2'));
    expect(state.uses).toEqual([{ approval_id: 'approval-2', at: nowSeconds }]);
    expect(events).toEqual([]);
    expect(decideGrant(state, used('approval-2'), now).kind).toBe('ignored');
  });

  it('has no more uses than it was given, and one that is known stays taken', () => {
    const once = grantAfter(created(newGrant({ max_uses: 1 })), used('approval-2'));
    expect(decideGrant(once, used('approval-3'), now)).toEqual({
      kind: 'rejected',
      code: 'grant_used_up',
      reason: 'it is used up',
    });
    expect(decideGrant(once, used('approval-2'), now).kind).toBe('ignored');
  });

  it('has none from the second at which it ends, nor when it is revoked', () => {
    expect(decideGrant(grant, used('approval-2'), after(end, -1)).kind).toBe('changed');
    expect(decideGrant(grant, used('approval-2'), end).kind).toBe('rejected');
    expect(decideGrant(told(grant, revoked).state, used('approval-2'), now).kind).toBe('rejected');
  });

  it('is revoked once, by somebody who is named', () => {
    const { state, events } = told(grant, revoked);
    expect(state).toMatchObject({ revoked_at: nowSeconds, revoked_by: 'carol' });
    expect(events).toMatchObject([{ type: 'approval.grant_revoked', data: { grant_id: 'grant-1', by: 'carol' } }]);
    expect(decideGrant(state, revoked, now)).toEqual({ kind: 'ignored', reason: 'it is revoked' });
  });

  it.each([used('approval-2'), revoked])('has to be there for anything else: $type', (message) => {
    expect(decideGrant(undefined, message, now)).toEqual({
      kind: 'rejected',
      code: 'grant_not_found',
      reason: 'there is no such grant',
    });
  });

  it('is shown without what its digest could be guessed with', () => {
    const said = shown(grant);
    expect(Grant.strict().parse(said)).toEqual(said);
    expect(JSON.stringify(said)).not.toMatch(/salt|digest/);
  });

  it('can be counted once more by whoever acts on what it lets through', () => {
    expect(basisOf(grant)).toEqual({
      id: 'grant-1',
      given_by: [{ by: 'bob', at: nowSeconds }],
      required_approvals: 1,
      expires_at: nowSeconds + 600,
    });
  });
});
