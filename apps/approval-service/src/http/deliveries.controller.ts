import { RequireScopes } from '@countersign/auth';
import { DeliveryPage, ListDeliveriesQuery, type NoticeDelivery } from '@countersign/contracts/deliveries';
import type { Store } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import { DELIVERIES } from '../tokens.js';

/** The log of notifications. */
@Controller('deliveries')
export class DeliveriesController {
  constructor(@Inject(DELIVERIES) private readonly deliveries: Store<NoticeDelivery>) {}

  @Get()
  @RequireScopes('events:write')
  @Returns(200, DeliveryPage, 'Notifications and their delivery attempts, newest first.')
  list(
    @Query({ schema: ListDeliveriesQuery }) { limit, page, ...filter }: z.infer<typeof ListDeliveriesQuery>,
  ): Promise<z.infer<typeof DeliveryPage>> {
    return pageOf(this.deliveries, { filter, sort: [['created_at', 'desc']], limit, page });
  }
}
