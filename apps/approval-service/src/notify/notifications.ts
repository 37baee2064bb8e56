import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import type { Channel, SlackChannel } from '@countersign/definitions';
import { WorkPool, type Store } from '@countersign/persistence';
import { openCommandHandler, type ServiceContext } from '@countersign/service';
import { DeliveriesController } from '../http/deliveries.controller.js';
import type { Feature } from '../feature.js';
import { SlackController } from '../http/slack.controller.js';
import { DELIVERIES, SLACK_CHANNELS } from '../tokens.js';
import { deliveryCollection } from './deliveries/delivery-record.js';
import { decideDelivery } from './deliveries/delivery.js';
import { deliveriesNoLongerNeeded } from './deliveries/delivery-retention.js';
import { Notifier } from './notifier.js';
import { sendersOf } from './senders.js';
import { openWebPush } from './web-push/open-web-push.js';

/** Notifications that are sent at once. */
const atOnce = 10;

/** Tells channels of approvals, from records. @param channels with their secrets in place */
export function openNotifications(
  context: ServiceContext,
  { channels, approvals }: { channels: readonly Channel[]; approvals: Store<Approval> },
): Feature & { use(channels: readonly Channel[]): void } {
  const { log, now } = context;
  const { commandHandler: deliveries } = openCommandHandler(context, {
    service: 'approval-service',
    collection: deliveryCollection,
    decide: decideDelivery,
  });
  const push = openWebPush(context, channels);
  const notifier: Notifier = new Notifier({
    deliveries,
    pool: () => sending,
    channels,
    senders: sendersOf(channels, { now, push }),
    approvals: (id) => approvals.get(id),
    now,
    log,
  });
  const slackChannels = new Map(slackIn(channels));
  const sending = new WorkPool<NoticeDelivery>({
    store: deliveries.store,
    size: atOnce,
    now,
    log,
    onDue: (delivery, place) => notifier.onDue(delivery, place),
  });
  return {
    controllers: [DeliveriesController, SlackController, ...push.controllers],
    providers: [
      { provide: DELIVERIES, useValue: deliveries.store },
      { provide: SLACK_CHANNELS, useValue: slackChannels },
      { provide: Notifier, useValue: notifier },
      ...push.providers,
    ],
    retention: [...deliveriesNoLongerNeeded(deliveries.store, approvals), push.retention],
    use(next) {
      push.use(next);
      notifier.use({ channels: next, senders: sendersOf(next, { now, push }) });
      slackChannels.clear();
      for (const [name, channel] of slackIn(next)) slackChannels.set(name, channel);
    },
    begin: () => sending.start(),
    stop: (graceMs) => sending.stop(graceMs),
  };
}

const slackIn = (channels: readonly Channel[]): (readonly [string, SlackChannel])[] =>
  channels.flatMap((channel) => ('slack' in channel ? [[channel.name, channel] as const] : []));
