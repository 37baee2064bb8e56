import { RequireScopes } from '@countersign/auth';
import { EventList, FollowEventsQuery, ListEventsQuery } from '@countersign/contracts/event-log';
import { Returns, ReturnsEvents, sendEvents } from '@countersign/service';
import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { EventLog } from './event-log.js';

/** What happens in all services, for people who look on. */
@Controller('events')
export class EventLogController {
  constructor(@Inject(EventLog) private readonly log: EventLog) {}

  @Get()
  @RequireScopes('events:read')
  @Returns(200, EventList, 'The latest events, newest first, at most about 2000, without previews.')
  list(
    @Query({ schema: ListEventsQuery }) { limit, ...wanted }: z.infer<typeof ListEventsQuery>,
  ): z.infer<typeof EventList> {
    return { data: this.log.list(wanted, limit) };
  }

  @Get('stream')
  @RequireScopes('events:read')
  @ReturnsEvents(200, 'Each event from now on; after Last-Event-ID, first those that came since.')
  stream(
    @Query({ schema: FollowEventsQuery }) wanted: z.infer<typeof FollowEventsQuery>,
    @Headers('last-event-id') last: string | undefined,
    @Res() reply: FastifyReply,
  ): void {
    sendEvents(reply, this.log.events(wanted, last));
  }
}
