import proxy from '@fastify/http-proxy';
import { problemOf } from '@countersign/contracts/problems';
import { handedOn } from '@countersign/service';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** The routes of each other service. */
const routes = {
  AGENT_RUNNER_URL: ['/agents', '/config', '/mcp', '/runs', '/sessions', '/teams', '/workflows'],
  EXECUTOR_URL: ['/executions'],
  AUDIT_URL: ['/audit'],
} as const;

export type Upstreams = { [K in keyof typeof routes]?: string | undefined };

/**
 * Hands requests for the other services on to them, so that people have one origin. The service behind checks who asks:
 * credentials go along, and so does the name that the request was sent to, which a browser's Origin is compared with.
 *
 * @param stopping ends the event streams that pass through here, which would never end by themselves.
 */
export async function forward(server: FastifyInstance, upstreams: Upstreams, stopping: AbortSignal): Promise<void> {
  const streams = new Set<FastifyReply['raw']>();
  stopping.addEventListener('abort', () => streams.forEach((stream) => stream.destroy()));
  for (const [name, prefixes] of Object.entries(routes)) {
    const upstream = upstreams[name as keyof Upstreams];
    for (const prefix of upstream === undefined ? [] : prefixes) {
      await server.register(async (scope) => {
        // What passes through here is read by whoever answers it.
        scope.removeContentTypeParser('application/json');
        scope.addHook('onSend', async (_request, reply) => {
          if (!String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
          streams.add(reply.raw);
          reply.raw.once('close', () => streams.delete(reply.raw));
        });
        await scope.register(proxy, {
          upstream: upstream!,
          prefix,
          rewritePrefix: prefix,
          config: handedOn,
          replyOptions: {
            rewriteRequestHeaders: ({ headers: { host } }, headers) => ({ ...headers, host }),
            onError: (reply) => unreachable(reply as FastifyReply, prefix),
          },
        });
      });
    }
  }
}

function unreachable(reply: FastifyReply, prefix: string): void {
  const detail = `The service that answers ${prefix} is out of reach. Try again in a moment.`;
  const problem = problemOf('upstream_unreachable', detail);
  void reply
    .status(problem.status)
    .header('retry-after', '2')
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem));
}
