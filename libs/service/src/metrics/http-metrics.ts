import { secondsOf } from '@countersign/contracts/time';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.js';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600];

/** Measures how long requests take, by their route. Streams are left out: they end when whoever watches has seen enough. */
export function measureRequests(server: FastifyInstance, metrics: Metrics): void {
  const requests = metrics.durations(
    {
      name: 'countersign_http_request_seconds',
      help: 'Requests that were answered, streams of events aside.',
      labels: ['method', 'route', 'status'],
    },
    buckets,
  );
  server.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
    const route = routeOptions.url ?? 'none';
    requests.observe({ method, route, status: String(reply.statusCode) }, secondsOf(reply.elapsedTime));
  });
}
