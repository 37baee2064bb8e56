import type { Answers, ShapeName } from '../shapes.js';
import type { Transport } from '../transport/transport.js';
import type { StreamRequest } from './connection.js';
import { eventStream, type StreamOptions } from './event-stream.js';

/** What each event of a stream is, by its name. */
type Events = Readonly<Record<string, ShapeName>>;

/** An event of a stream. Without an id it is ephemeral, and is not sent again. */
export type StreamedEvent<E extends Events> = {
  [N in keyof E]: { id: string | undefined; event: N; data: Answers[E[N]] };
}[keyof E];

/** The events of a stream that this version knows, in their shapes. Others are left out. @throws ApiError */
export async function* typedStream<const E extends Events>(
  transport: Transport,
  request: Pick<StreamRequest, 'method' | 'path' | 'query' | 'body'>,
  events: E,
  options?: StreamOptions,
): AsyncGenerator<StreamedEvent<E>, void> {
  for await (const { id, event = 'message', data } of eventStream(transport, request, options)) {
    const shape = events[event];
    if (shape === undefined) continue;
    yield { id, event, data: transport.shaped(shape, JSON.parse(data), request.path) } as StreamedEvent<E>;
  }
}
