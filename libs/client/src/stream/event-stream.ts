import { jitteredBackoffMs, type Backoff, millisOf, type Millis } from '@countersign/contracts/time';
import type { EventSourceMessage } from 'eventsource-parser';
import { ApiError } from '../transport/api-error.js';
import type { Transport } from '../transport/transport.js';
import { connection, type StreamRequest } from './connection.js';

/** When a connection that broke is made anew. */
export interface Reconnection extends Backoff {
  /** How long a server that is gone is looked for. */
  for_ms: Millis;
}

/** How a stream is followed. */
export interface StreamOptions {
  /** The id of the last event that was seen; it goes on right after that. Unset: see each stream for where it begins. */
  after?: string | undefined;
  /** Ends the stream, quietly. */
  signal?: AbortSignal | undefined;
  /**
   * A connection that breaks or ends is made anew, after a backoff with jitter: by default after 200 ms at first and
   * with a backoff of at most 10 s, for ever. False: the stream ends with its connection.
   */
  reconnect?: Partial<Reconnection> | false | undefined;
  /** How long a connection may say nothing; a server says that it is there every 15 s. Default: 40,000. */
  silence_ms?: Millis | undefined;
  /** The connection is there (`open`), at first and again, or it broke (`lost`). */
  onState?: ((state: 'open' | 'lost') => void) | undefined;
}

const usual: Reconnection = { first_ms: 200, longest_ms: 10_000, for_ms: Infinity };
const usualSilence = 40_000;

/**
 * The events of a stream. A connection that breaks is made anew, and goes on after the last event that was seen.
 *
 * @throws ApiError when the server refuses, now or later; when it is not there to begin with; and when it is gone for
 * longer than `reconnect.for_ms`.
 */
export async function* eventStream(
  transport: Transport,
  request: Pick<StreamRequest, 'method' | 'path' | 'query' | 'body'>,
  { after, signal, reconnect = {}, silence_ms = usualSilence, onState = () => {} }: StreamOptions = {},
): AsyncGenerator<EventSourceMessage, void> {
  const policy: Reconnection = { ...usual, ...reconnect };
  let wasThere = false;
  let lostAt: number | undefined;
  for (let retries = 0; !signal?.aborted; retries++) {
    let wait = 0;
    try {
      for await (const message of connection(transport, { ...request, after, signal, silence_ms })) {
        if (message === 'open') {
          [lostAt, wasThere] = [undefined, true];
          onState('open');
          continue;
        }
        retries = 0;
        after = message.id ?? after;
        yield message;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (reconnect === false || !wasThere || !(error instanceof ApiError && error.isTemporary)) throw error;
      wait = error.retryAfter ?? 0;
    }
    if (reconnect === false || signal?.aborted) return;
    if (lostAt === undefined) onState('lost');
    lostAt ??= Date.now();
    if (Date.now() - lostAt > policy.for_ms) throw gone(request.path);
    await pause(Math.max(jitteredBackoffMs(policy, retries), millisOf(wait)), signal);
  }
}

const gone = (path: string): ApiError =>
  new ApiError(`The server of ${path} is gone, and did not come back.`, { status: 0, code: 'connection_lost' });

/** @returns when the time is up, or the signal aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
