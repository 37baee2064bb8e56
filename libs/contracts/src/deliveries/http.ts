import { z } from 'zod';
import { NoticeDelivery, DeliveryStatus } from './delivery.js';
import { pageOf, pageQuery } from '../fields/page.js';

export const ListDeliveriesQuery = z.object({
  status: DeliveryStatus.optional(),
  channel: z.string().optional(),
  approval_id: z.string().optional(),
  ...pageQuery,
});
export const DeliveryPage = pageOf(NoticeDelivery);
