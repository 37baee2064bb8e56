import type { FollowEventsQuery, ListEventsQuery, LoggedEvent } from '@countersign/contracts/event-log';
import { eventStream, type StreamOptions } from '../stream/event-stream.js';
import type { Transport } from '../transport/transport.js';
import type { ListQuery } from './lists.js';

/** What happens in all services, as it is published. */
export class EventLog {
  constructor(private readonly transport: Transport) {}

  /** The latest events, newest first. */
  async list(query: ListQuery<typeof ListEventsQuery> = {}, signal?: AbortSignal): Promise<LoggedEvent[]> {
    return (await this.transport.ask('EventList', 'GET', '/events', { query, signal })).data;
  }

  /** Each event from now on; after the id of one, first those that came since. */
  async *stream(
    query: ListQuery<typeof FollowEventsQuery> = {},
    options?: StreamOptions,
  ): AsyncGenerator<LoggedEvent, void> {
    const path = '/events/stream';
    for await (const { data } of eventStream(this.transport, { path, query }, options))
      yield this.transport.shaped('LoggedEvent', JSON.parse(data), path);
  }
}
