import { Needs } from '@countersign/auth';
import type { Store } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { z } from 'zod';
import { Delivery, DeliveryStatus } from '../notify/deliveries/delivery-record.js';
import { DELIVERIES } from '../tokens.js';

const ListDeliveriesQuery = z.object({
  status: DeliveryStatus.optional(),
  channel: z.string().optional(),
  approval_id: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
});
const DeliveryPage = z.object({
  data: z.array(Delivery),
  meta: z.object({ page: z.int(), limit: z.int(), total_pages: z.int(), total_count: z.int() }),
});

/** The log of notifications. */
@Controller('deliveries')
export class DeliveriesController {
  constructor(@Inject(DELIVERIES) private readonly deliveries: Store<Delivery>) {}

  @Get()
  @Needs('events:write')
  @Returns(200, DeliveryPage, 'What was told to whom, newest first, with every attempt.')
  list(
    @Query({ schema: ListDeliveriesQuery }) { limit, page, ...filter }: z.infer<typeof ListDeliveriesQuery>,
  ): Promise<z.infer<typeof DeliveryPage>> {
    return pageOf(this.deliveries, { filter, sort: [['created_at', 'desc']], limit, page });
  }
}
