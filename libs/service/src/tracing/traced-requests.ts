import { traceContextOf, traceHeaders } from '@countersign/contracts/trace';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenSpan, Tracing } from './tracing.js';

/** What is asked all the time, and begins nothing. */
const untraced = /^\/(health|metrics)(\/|$)/;

/**
 * A span for each request, named by its route: addresses may hold what is secret. From here on the request says that it
 * belongs to that span, to whoever reads its headers here and to the services that it is handed on to.
 */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  if (!tracing.isOn) return;
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  const end = (request: FastifyRequest, status: number) => {
    const span = spans.get(request);
    if (!span) return;
    spans.delete(request);
    span.set({ 'http.response.status_code': status });
    span.end(status >= 500 ? String(status) : undefined);
  };
  server.addHook('onRequest', (request, _reply, done) => {
    const { method, routeOptions, headers } = request;
    const route = routeOptions.url;
    if (route !== undefined && untraced.test(route)) return done();
    const span = tracing.open(route === undefined ? method : `${method} ${route}`, {
      kind: 'server',
      of: traceContextOf(headers['traceparent'], headers['tracestate']),
      attributes: { 'http.request.method': method, 'http.route': route, 'url.scheme': 'http' },
    });
    spans.set(request, span);
    delete request.raw.headers['tracestate'];
    Object.assign(request.raw.headers, traceHeaders(span.context));
    return span.run(done);
  });
  // Reading a body goes on wherever its bytes came in.
  server.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    return span ? span.run(done) : done();
  });
  // A stream of events is open for as long as somebody watches.
  server.addHook('onSend', async (request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) end(request, reply.statusCode);
  });
  server.addHook('onResponse', async (request, reply) => end(request, reply.statusCode));
}
