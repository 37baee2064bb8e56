import type { Subscription } from '@countersign/messaging';

/**
 * A check that fails until messages can arrive for the first time: whoever listens at an instance that hears nothing
 * yet would miss what happens. Later gaps are part of every outage, which readiness tells of in other ways.
 */
export function joinedOnce(subscription: () => Subscription | undefined): () => Promise<void> {
  let hasJoined = false;
  return async () => {
    hasJoined ||= subscription()?.joined ?? false;
    if (!hasJoined) throw new Error('does not hear of what happens yet');
  };
}
