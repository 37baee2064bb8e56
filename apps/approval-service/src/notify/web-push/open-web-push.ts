import { BrowserSessions, Credentials } from '@countersign/auth';
import type { Channel } from '@countersign/definitions';
import type { RetentionPolicy } from '@countersign/persistence';
import type { ServiceContext } from '@countersign/service';
import { Delegations } from '../../delegations/delegations.js';
import { PUSH_KEY } from '../../tokens.js';
import { subscriptionCollection } from './subscription.js';
import { Subscriptions } from './subscriptions.js';
import { PushSubscriptionsController } from './subscriptions.controller.js';
import { pushKeyCollection, vapidKeys } from './vapid-keys.js';

/** The browsers that a channel of Web Push tells, and the key it does so with. */
export function openWebPush({ database, now }: Pick<ServiceContext, 'database' | 'now'>, channels: readonly Channel[]) {
  const { store } = database.collection(subscriptionCollection);
  const { store: kept } = database.collection(pushKeyCollection);
  let channel = webPushIn(channels);
  let subscriptions: Subscriptions | undefined;
  const keys = () => vapidKeys(kept, channel?.private_key, now());
  const retention: RetentionPolicy = { name: 'push_subscriptions', purgeBefore: () => subscriptions!.purge() };
  return {
    controllers: [PushSubscriptionsController],
    providers: [
      {
        provide: Subscriptions,
        useFactory: (credentials: Credentials, sessions: BrowserSessions, deputies: Delegations) =>
          (subscriptions = new Subscriptions({ store, credentials, sessions, deputies, now })),
        inject: [Credentials, BrowserSessions, Delegations],
      },
      { provide: PUSH_KEY, useValue: async () => (channel ? (await keys()).publicKey : null) },
    ],
    retention,
    keys,
    subscriptions: () => subscriptions!,
    use(next: readonly Channel[]) {
      channel = webPushIn(next);
    },
  };
}

const webPushIn = (channels: readonly Channel[]) =>
  channels.flatMap((channel) => ('web_push' in channel ? [channel.web_push] : []))[0];
