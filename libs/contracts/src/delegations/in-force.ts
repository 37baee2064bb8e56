import type { EpochSeconds } from '../time/epoch.js';
import type { Delegation } from './delegation.js';

/** Days that somebody is named for at most. */
export const longestDelegationDays = 90;

/** Whether it holds at this time. */
export const isInForce = ({ begins_at, ends_at, revoked_at }: Delegation, at: EpochSeconds): boolean =>
  revoked_at === null && begins_at <= at && at < ends_at;
