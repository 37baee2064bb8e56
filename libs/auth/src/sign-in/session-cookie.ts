import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sessionLasts } from './browser-sessions.js';

const name = 'countersign_session';
const loopbackName = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

export const sessionCookieOf = (request: FastifyRequest): string | undefined => request.cookies[name];

/** No script can read the cookie, and no other site has it sent. Plain HTTP is for a browser on the same machine. */
const flags = (request: FastifyRequest) => ({
  httpOnly: true,
  sameSite: 'strict' as const,
  path: '/',
  secure: !loopbackName.test(request.host),
});

export const setSessionCookie = (request: FastifyRequest, reply: FastifyReply, value: string): void =>
  void reply.setCookie(name, value, { ...flags(request), maxAge: sessionLasts });

export const clearSessionCookie = (request: FastifyRequest, reply: FastifyReply): void =>
  void reply.clearCookie(name, flags(request));
