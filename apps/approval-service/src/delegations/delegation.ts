import { emit } from '@countersign/contracts';
import { Delegation, longestDelegationDays } from '@countersign/contracts/delegations';
import type { ProblemCode } from '@countersign/contracts/problems';
import { after, toEpochSeconds, type EpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import { changed, ignored, newRecord, rejected, touch, type Transition } from '@countersign/persistence';

/** As it is stored: its events are of a record of its own, and of no run. */
export interface StoredDelegation extends Delegation {
  event_key: string;
}

interface NewDelegation {
  id: string;
  delegator: string;
  deputy: string;
  approval_id: string | null;
  reason: string | null;
  begins_at: EpochSeconds | null;
  ends_at: EpochSeconds;
  key_id: string | null;
}

/** Somebody names a deputy for a while, and takes it back, or the deputy does. It changes no decision that was made. */
export type DelegationMessage =
  | { type: 'created'; delegation: NewDelegation }
  | { type: 'revoked'; by: string; isAdministrator: boolean };

export type DelegationRejection = Extract<
  ProblemCode,
  'delegation_not_found' | 'delegation_not_valid' | 'may_not_revoke'
>;

const day = 86_400;

export function decideDelegation(
  delegation: StoredDelegation | undefined,
  message: DelegationMessage,
  now: EpochMillis,
): Transition<StoredDelegation, DelegationRejection> {
  if (message.type === 'created') return delegation ? ignored('it exists') : create(message.delegation, now);
  if (!delegation) return rejected('delegation_not_found', 'there is no such delegation');
  const { by, isAdministrator } = message;
  if (by !== delegation.delegator && by !== delegation.deputy && !isAdministrator)
    return rejected('may_not_revoke', 'whoever named the deputy ends it, the deputy, or an administrator');
  if (delegation.revoked_at !== null) return ignored('it is revoked');
  const revoked = touch(delegation, now, { revoked_at: toEpochSeconds(now), revoked_by: by });
  return changed(revoked, emit('access.delegation_revoked', { ...about(revoked), by }));
}

function create(wanted: NewDelegation, now: EpochMillis): Transition<StoredDelegation, DelegationRejection> {
  const at = toEpochSeconds(now);
  const begins_at = wanted.begins_at ?? at;
  const { delegator, deputy, ends_at, reason } = wanted;
  if (delegator === deputy) return rejected('delegation_not_valid', 'nobody is their own deputy');
  if (ends_at <= at || ends_at <= begins_at) return rejected('delegation_not_valid', 'it is over before it begins');
  if (ends_at > after(at, longestDelegationDays * day))
    return rejected('delegation_not_valid', `it ends ${longestDelegationDays} days from now at the latest`);
  const delegation = {
    ...wanted,
    event_key: wanted.id,
    begins_at,
    revoked_at: null,
    revoked_by: null,
    ...newRecord(now),
  };
  return changed(delegation, emit('access.delegated', { ...about(delegation), begins_at, ends_at, reason }));
}

const about = ({ id, delegator, deputy, approval_id }: Delegation) => ({
  delegation_id: id,
  delegator,
  deputy,
  approval_id,
});

/** As others see it. */
export const shown = (stored: StoredDelegation): Delegation => Delegation.parse(stored);
