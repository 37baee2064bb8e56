import type { ListDeliveriesQuery, PushSubscription, SubscribeRequest } from '@countersign/contracts/deliveries';
import type { Answers } from '../shapes.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import type { ListQuery } from './lists.js';

/** Notifications and their delivery. */
export class Deliveries {
  constructor(private readonly transport: Transport) {}

  /** A page of notifications, newest first. */
  list(query: ListQuery<typeof ListDeliveriesQuery> = {}, signal?: AbortSignal): Promise<Answers['DeliveryPage']> {
    return this.transport.ask('DeliveryPage', 'GET', '/deliveries', { query, signal });
  }
}

/** Browsers in which whoever asks is told of approvals. */
export class PushSubscriptions {
  constructor(private readonly transport: Transport) {}

  /** Their own, and the key to subscribe with. */
  list(signal?: AbortSignal): Promise<Answers['PushSubscriptionList']> {
    return this.transport.ask('PushSubscriptionList', 'GET', '/push-subscriptions', { signal });
  }

  /** By a session, which is what a browser has. */
  create(subscription: SubscribeRequest): Promise<PushSubscription> {
    return this.transport.ask('PushSubscription', 'POST', '/push-subscriptions', { body: subscription });
  }

  remove(id: string): Promise<undefined> {
    return this.transport.ask('Nothing', 'DELETE', pathOf`/push-subscriptions/${id}`);
  }
}
