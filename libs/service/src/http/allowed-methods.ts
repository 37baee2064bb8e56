import { ProblemError } from '@countersign/contracts/problems';
import type { FastifyInstance } from 'fastify';

/** Answers a method that a known path does not have with 405 and those that it has. Before the routes are registered. */
export function refuseOtherMethods(server: FastifyInstance): void {
  const routes = new Map<string, { path: RegExp; methods: Set<string> }>();
  server.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { path: patternOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    routes.set(url, route);
  });
  server.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const [path = ''] = request.url.split('?', 1);
    const allowed = [...routes.values()].flatMap((route) => (route.path.test(path) ? [...route.methods] : []));
    if (allowed.length === 0) return;
    const methods = [...new Set(allowed)].toSorted().join(', ');
    void reply.header('allow', methods);
    throw new ProblemError('method_not_allowed', `${path} has no ${request.method}: there is ${methods}.`);
  });
}

/** Of `/runs/:id` or `/inbox/*`. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : escaped(part)));
  return new RegExp(`^${parts.join('/')}/?$`);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
