import { ProblemError } from '@countersign/contracts/problems';
import type { FastifyInstance } from 'fastify';

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);
const localName = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

const isLoopback = (host: string): boolean => loopback.has(host);

/**
 * While listening on loopback, answers only to loopback names, so that no web page can reach the API by pointing its
 * own name here (DNS rebinding).
 */
export function onlyLocalNames(http: FastifyInstance, host: string): void {
  if (!isLoopback(host)) return;
  http.addHook('onRequest', async ({ headers }) => {
    if (localName.test(headers.host ?? '')) return;
    throw new ProblemError(
      'wrong_host',
      'This server listens on loopback and answers to localhost and 127.0.0.1 only.',
    );
  });
}
