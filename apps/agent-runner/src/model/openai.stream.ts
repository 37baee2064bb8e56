import type { Millis } from '@countersign/contracts/time';
import OpenAI from 'openai';
import type { Stream } from 'openai/streaming';

type Event = OpenAI.Responses.ResponseStreamEvent;

/** The response at the end of a stream, with its text handed on while it is written. */
export const responseIn = (
  stream: Stream<Event>,
  timeoutMs: Millis,
  onText: (text: string) => void,
): Promise<OpenAI.Responses.Response> => readStream(stream, timeoutMs, (events) => lastOf(events, onText));

/**
 * What a stream comes to. The client's time-out ends with the headers, so there is one for the rest here.
 *
 * @param read what has come to its end; undefined when the stream ended before that
 */
export async function readStream<E, R>(
  stream: Stream<E>,
  timeoutMs: Millis,
  read: (events: AsyncIterable<E>) => Promise<R | undefined>,
): Promise<R> {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stream.controller.abort();
  }, timeoutMs);
  try {
    const whole = await read(stream);
    if (whole !== undefined) return whole;
  } finally {
    clearTimeout(timer);
  }
  // An aborted stream ends as if nothing had happened.
  if (timedOut) throw new OpenAI.APIConnectionTimeoutError();
  throw new OpenAI.APIConnectionError({ message: 'The answer broke off.' });
}

/**
 * What comes after the response does not matter. It is read nonetheless, so that the connection can be used again. Some
 * servers end with a response without output: it was streamed item by item.
 */
async function lastOf(
  stream: AsyncIterable<Event>,
  onText: (text: string) => void,
): Promise<OpenAI.Responses.Response | undefined> {
  let response: OpenAI.Responses.Response | undefined;
  const items: OpenAI.Responses.ResponseOutputItem[] = [];
  try {
    for await (const event of stream) {
      if (isText(event)) onText(event.delta);
      if (event.type === 'response.output_item.done') items.push(event.item);
      if (event.type === 'error') throw new OpenAI.APIError(undefined, event, undefined, undefined);
      if (isLast(event)) response = event.response;
    }
  } catch (error) {
    if (!response) throw error;
  }
  const isEmpty = !Array.isArray(response?.output) || response.output.length === 0;
  return response && isEmpty && items.length > 0 ? { ...response, output: items } : response;
}

const isText = (event: Event) => event.type === 'response.output_text.delta';

const isLast = (event: Event) =>
  event.type === 'response.completed' || event.type === 'response.incomplete' || event.type === 'response.failed';

/** Whether the server answered as a whole what was asked of it as a stream. */
export const isJson = ({ headers }: Response): boolean =>
  /^application\/(?:[\w.]+\+)?json/.test(headers.get('content-type') ?? '');
