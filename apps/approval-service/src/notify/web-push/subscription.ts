import { derivedId } from '@countersign/contracts';
import type { PushSubscription, SubscribeRequest } from '@countersign/contracts/deliveries';
import type { EpochSeconds } from '@countersign/contracts/time';
import type { Collection, StoredRecord } from '@countersign/persistence';
import { ECDH } from 'node:crypto';

/** A browser of somebody who decides, which is told of approvals. */
export interface StoredSubscription extends StoredRecord {
  id: string;
  subject: string;
  endpoint: string;
  p256dh: string;
  auth: string;
  /** In which it was begun: it ends when they sign out. */
  session_id: string;
  /** The key that began that session. It ends with that, too. */
  key_id: string | null;
  /** Whether the session was seen to have run its time, so that nobody can sign out of it any more. */
  session_is_over: boolean;
  created_at: EpochSeconds;
}

export const subscriptionCollection: Collection<StoredSubscription> = {
  name: 'push_subscriptions',
  key: 'id',
  indexes: [['subject', 'created_at']],
};

/** A browser that subscribes again, also as somebody else, takes the place of its subscription. */
export const subscriptionId = (endpoint: string): string => derivedId('push-subscription', endpoint);

export const shownSubscription = ({ id, endpoint, created_at }: StoredSubscription): PushSubscription => ({
  id,
  service: new URL(endpoint).host,
  created_at,
});

/** Why no message can be made for it, if so. */
export function problemWith({ endpoint, keys }: SubscribeRequest): string | null {
  const { username, password } = new URL(endpoint);
  if (username !== '' || password !== '') return 'endpoint must not name a user';
  try {
    ECDH.convertKey(keys.p256dh, 'prime256v1', 'base64url');
    return null;
  } catch {
    return 'keys.p256dh must be a point of P-256';
  }
}
