import type { ListDeliveriesQuery } from '@countersign/contracts/deliveries';
import type { Answers } from '../shapes.js';
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
