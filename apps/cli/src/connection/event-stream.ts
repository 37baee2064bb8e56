import { jitteredBackoffMs } from '@countersign/contracts';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes, Failure } from './exit-codes.js';
import type { Server } from '../commands/server.js';

export interface FollowOptions {
  query?: Record<string, string | undefined>;
  /** The id of the last event that was seen. */
  after?: string;
  /** How long a server that is gone is looked for, in milliseconds. */
  patience: number;
  signal?: AbortSignal;
  /** How long a connection may say nothing, in milliseconds, before it counts as dead; a server says it is there every 15 s. */
  silence?: number;
  /** The connection broke (true), or is there again (false). */
  onBreak?(isBroken: boolean): void;
}

const usualSilence = 40_000;
const backoff = { first_ms: 200, longest_ms: 2_000 };

/**
 * What a server tells as Server-Sent Events, without end: a connection that breaks is made anew, and goes on after the
 * last event that was seen.
 *
 * @throws Failure when the server refuses, or cannot be found again.
 */
export async function* follow(
  server: Server,
  path: string,
  options: FollowOptions,
): AsyncGenerator<EventSourceMessage> {
  const { signal, patience, onBreak = () => {} } = options;
  let last = options.after;
  let wasThere = false;
  let brokenSince: number | undefined;
  for (let retries = 0; !signal?.aborted; retries++) {
    try {
      for await (const message of connection(server, path, { ...options, last })) {
        if (brokenSince !== undefined) onBreak(false);
        [brokenSince, wasThere] = [undefined, true];
        if (message === 'connected') continue;
        retries = 0;
        last = message.id ?? last;
        yield message;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Failure && (!wasThere || error.code !== exitCodes.unreachable)) throw error;
    }
    if (brokenSince === undefined) onBreak(true);
    brokenSince ??= Date.now();
    if (Date.now() - brokenSince > patience) throw lost(server.url);
    await delay(jitteredBackoffMs(backoff, retries), undefined, signal && { signal }).catch(() => {});
  }
}

interface ConnectionOptions {
  query?: Record<string, string | undefined>;
  last: string | undefined;
  signal?: AbortSignal;
  silence?: number;
}

/** One connection, to its end. @yields first that it is there. */
async function* connection(
  server: Server,
  path: string,
  { query = {}, last, signal, silence = usualSilence }: ConnectionOptions,
): AsyncGenerator<EventSourceMessage | 'connected'> {
  const hangUp = new AbortController();
  const response = await server.open(path, {
    query,
    headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
    signal: signal ? AbortSignal.any([signal, hangUp.signal]) : hangUp.signal,
  });
  yield 'connected';
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await unlessSilent(reader.read(), hangUp, silence);
      if (done) return;
      parser.feed(value);
      yield* messages.splice(0);
    }
  } finally {
    hangUp.abort();
    await reader.cancel().catch(() => {});
  }
}

async function unlessSilent<T>(reading: Promise<T>, hangUp: AbortController, silence: number): Promise<T> {
  const timer = setTimeout(() => hangUp.abort(), silence);
  return reading.finally(() => clearTimeout(timer));
}

const lost = (url: string) =>
  new Failure(exitCodes.unreachable, `${url} is gone, and did not come back. Follow it again once it runs.`);
