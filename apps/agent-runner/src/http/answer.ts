import type { FastifyRequest } from 'fastify';
import type { StreamOptions } from '../stream/run-stream.js';

/** `settled`: once the run is paused or over. */
export type Answer = { kind: 'at_once' | 'settled' } | { kind: 'stream'; until: StreamOptions['until'] };

export const streamed = (until: StreamOptions['until']): Answer => ({ kind: 'stream', until });

/** A form is what agno's clients send; they expect a stream unless they say otherwise. */
export function answerTo({ headers }: FastifyRequest, stream: boolean | undefined): Answer {
  const isForm = !(headers['content-type'] ?? '').includes('json');
  if (stream ?? isForm) return streamed('pause');
  return { kind: stream === false ? 'settled' : 'at_once' };
}
