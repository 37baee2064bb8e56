import type { Approval, GrantBasis, RequireTerms, ResolutionData } from '@countersign/contracts/approvals';
import { atSeconds } from '@countersign/contracts/time';
import { deepFreeze } from '@countersign/testing';
import { approvalAfter, decided, now, required } from './approval.fixtures.js';
import { grantIn } from '../src/grants/grant-coverage.js';
import { decideGrant, type GrantMessage, type NewGrant, type StoredGrant } from '../src/grants/grant.js';

type Asked = NonNullable<ResolutionData['grant']>;

export const toolVersion = 'v1';
/** Terms by which grants may be given. */
export const grantable: Partial<RequireTerms> = { allowed_decisions: ['approve', 'reject', 'edit', 'grant', 'values'] };
export const chosen: RequireTerms['grant'] = { max_duration: 3_600, max_uses: 10, arguments: 'chosen' };

/** The golden call, approved by bob with a grant. */
export const approvedWith = (grant: Asked, terms: Partial<RequireTerms> = {}): Approval =>
  approvalAfter(required({ ...grantable, ...terms }), decided('approved', 'bob', { grant }));

export const newGrant = (change: Partial<NewGrant> = {}, grant: Asked = { expires_in: 600 }): NewGrant => ({
  ...grantIn(approvedWith(grant, { grant: chosen }), 'grant-1', 'salt', toolVersion)!,
  ...change,
});

export const created = (grant = newGrant()): GrantMessage => ({ type: 'created', grant });

export function told(grant: StoredGrant | undefined, message: GrantMessage, at = now) {
  const transition = decideGrant(deepFreeze(grant), deepFreeze(message), at);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  return transition;
}

export const grantAfter = (...messages: readonly GrantMessage[]): StoredGrant =>
  messages.reduce<StoredGrant | undefined>((grant, message) => told(grant, message).state, undefined)!;

export const basis: GrantBasis = {
  id: 'grant-1',
  given_by: [{ by: 'bob', at: atSeconds(1_788_254_000) }],
  required_approvals: 1,
  expires_at: atSeconds(1_788_999_999),
};
