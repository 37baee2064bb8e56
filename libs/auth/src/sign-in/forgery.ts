import { ProblemError } from '@countersign/contracts/problems';
import type { FastifyRequest } from 'fastify';
import type { BrowserSession } from './browser-sessions.js';
import { isSame } from '../credentials/secret.js';

/**
 * A browser sends its cookie whoever has it make a request. So one that changes something must also come from a page of
 * this server (`Origin`) that could read what only such a page can (the session's CSRF token).
 *
 * @throws ProblemError
 */
export function refuseForgery(request: FastifyRequest, { csrf_token }: BrowserSession): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  refuseOtherOrigins(request, request.headers.origin ?? '');
  const token = request.headers['x-csrf-token'];
  if (typeof token === 'string' && isSame(token, csrf_token)) return;
  throw new ProblemError(
    'csrf_token_missing',
    'A change made with a session needs the header x-csrf-token with the csrf_token that GET /auth/me answers.',
  );
}

/** @throws ProblemError unless the page that makes the request was served under the name that the request is sent to. */
export function refuseOtherOrigins(request: FastifyRequest, origin: string): void {
  if (isOwn(origin, request.host)) return;
  throw new ProblemError(
    'other_origin',
    'This request needs an Origin header with the host it is sent to. Behind a proxy, have it pass the Host header on.',
  );
}

/** Both are read as addresses, so that a default port may be written. */
function isOwn(origin: string, host: string): boolean {
  const page = URL.parse(origin);
  return page !== null && page.host !== '' && page.host === URL.parse(`${page.protocol}//${host}`)?.host;
}
