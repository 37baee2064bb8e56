import type { Millis } from '@countersign/contracts/time';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { ApiError, unexpectedAnswer } from '../transport/api-error.js';
import type { Method, RequestOptions, Transport } from '../transport/transport.js';

/** The request of a stream. */
export interface StreamRequest extends Omit<RequestOptions, 'timeout_ms'> {
  method?: Method;
  path: string;
  /** How long a connection may say nothing, before it counts as dead. */
  silence_ms: Millis;
  /** The id of the last event that was seen. */
  after: string | undefined;
}

/** One connection, to its end. @yields first that it is there. @throws ApiError */
export async function* connection(
  transport: Transport,
  { method = 'GET', path, after, headers, silence_ms, signal, ...request }: StreamRequest,
): AsyncGenerator<EventSourceMessage | 'open', void> {
  const hangUp = new AbortController();
  const unlessSilent = async <T>(read: Promise<T>): Promise<T> => {
    const timer = setTimeout(
      () => hangUp.abort(new DOMException('No data within the timeout.', 'TimeoutError')),
      silence_ms,
    );
    return read.finally(() => clearTimeout(timer));
  };
  const response = await unlessSilent(
    transport.open(method, path, {
      ...request,
      headers: { accept: 'text/event-stream', ...headers, ...(after !== undefined && { 'last-event-id': after }) },
      signal: signal ? AbortSignal.any([signal, hangUp.signal]) : hangUp.signal,
    }),
  );
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) throw unexpectedAnswer(path);
  yield 'open';
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await unlessSilent(reader.read()).catch((error: unknown) => {
        throw signal?.aborted ? error : broken(path, error);
      });
      if (done) return;
      parser.feed(value);
      yield* messages.splice(0);
    }
  } finally {
    hangUp.abort();
    await reader.cancel().catch(() => {});
  }
}

const broken = (path: string, cause: unknown): ApiError =>
  new ApiError(`The connection to ${path} broke.`, { status: 0, code: 'unreachable' }, { cause });
