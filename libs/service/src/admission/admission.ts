import { declaredRoutes, type Authenticator } from '@countersign/auth';
import { ProblemError } from '@countersign/contracts/problems';
import type { INestApplicationContext } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { OpenRequests } from './open-requests.js';
import type { AdmissionSettings } from './settings.js';

/** Of a body that is read before it is known whose it is, such as a key to sign in with; bytes. */
const anonymousBodyLimit = 262_144;

/** Milliseconds that the rest of a refused body is taken and dropped, so that its sender gets to read why. */
const lingerMs = 1_000;

/** Routes with this in their config are handed on, body and all, to a service that asks for itself who it is. */
export const handedOn = { countersign: 'handed_on' } as const;

interface Options {
  authenticator: Authenticator;
  settings: AdmissionSettings;
}

/**
 * Asks who makes a request before any of its body is read, and lets each have so many under way. Without credentials
 * there is nothing to read, except on public routes.
 */
export function admit(server: FastifyInstance, app: INestApplicationContext, { authenticator, settings }: Options) {
  const open = new OpenRequests(settings.HTTP_REQUESTS_PER_PRINCIPAL);
  const declared = new Map(declaredRoutes(app).map((route) => [`${route.method} ${route.path}`, route.access]));

  const accessTo = ({ method, url, config }: RouteOptions): 'handed_on' | 'public' | 'known' | 'edge' => {
    if (config && 'countersign' in config) return 'handed_on';
    const methods = [method].flat().map((each) => (each === 'HEAD' ? 'GET' : each));
    const found = methods.map((each) => `${each} ${url}`).filter((route) => declared.has(route));
    if (found.length === 0) return 'edge';
    return found.every((route) => declared.get(route) === 'public') ? 'public' : 'known';
  };

  server.addHook('onRoute', (route) => {
    const access = accessTo(route);
    if (access === 'handed_on') return;
    if (access === 'public') route.bodyLimit = anonymousBodyLimit;
    const enter = async (request: FastifyRequest, reply: FastifyReply) => {
      const isKnown = access === 'known' || (access === 'edge' && hasBody(request));
      const who = isKnown ? await whoMakes(request, reply) : `address ${request.ip}`;
      const leave = open.enter(who);
      if (!leave) throw tooMany(reply, open.limit);
      reply.raw.once('close', leave);
    };
    const before = [route.onRequest ?? []].flat();
    route.onRequest = [...before, enter];
  });
  server.addHook('onRequest', async (request, reply) => {
    if (hasBody(request)) dropWhenAnswered(request, reply);
    if (!request.is404 || !hasBody(request)) return;
    throw new ProblemError('route_not_found', `Cannot ${request.method} ${request.url.split('?', 1)[0]}`);
  });

  const whoMakes = async (request: FastifyRequest, reply: FastifyReply): Promise<string> => {
    const { principal } = await authenticator.authenticate(request, reply);
    return `subject ${principal.subject}`;
  };
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function tooMany(reply: FastifyReply, limit: number): ProblemError {
  void reply.header('retry-after', '1');
  const detail = `You have ${limit} requests under way, which is as many as one may have at once, streams included. Wait until one of them is over.`;
  return new ProblemError('too_many_open_requests', detail);
}

/** Node accepts the rest of an unread body for as long as it is sent. */
function dropWhenAnswered({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (raw.complete) return;
    const cut = setTimeout(() => raw.complete || raw.socket.destroy(), lingerMs);
    raw.once('close', () => clearTimeout(cut)).once('end', () => clearTimeout(cut));
  });
}
