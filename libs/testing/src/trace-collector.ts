import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A span as OTLP has it, and what a test asks of it. */
export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  links?: { traceId: string; spanId: string }[];
  attributes: Record<string, unknown>;
  status: { code?: number };
  service: unknown;
}

export interface Collector {
  url: string;
  spans(): ReceivedSpan[];
  /** All that was received, as it came. */
  text(): string;
  headers(): IncomingHttpHeaders[];
  close(): Promise<void>;
}

type Value = Record<string, unknown>;
interface Pairs {
  attributes: { key: string; value: Value }[];
}
interface Traces {
  resourceSpans: { resource: Pairs; scopeSpans: { spans: (Pairs & Omit<ReceivedSpan, 'attributes'>)[] }[] }[];
}

const valuesOf = ({ attributes }: Pairs): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Stands in for an OpenTelemetry collector: takes OTLP over HTTP as JSON. */
export async function openCollector(): Promise<Collector> {
  const bodies: string[] = [];
  const heads: IncomingHttpHeaders[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === '/v1/traces') {
      bodies.push(Buffer.concat(chunks).toString());
      heads.push(request.headers);
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => bodies.join('\n'),
    headers: () => heads,
    spans: () =>
      bodies
        .flatMap((body) => (JSON.parse(body) as Traces).resourceSpans)
        .flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map((span) => ({
              ...span,
              attributes: valuesOf(span),
              service: valuesOf(resource)['service.name'],
            })),
          ),
        ),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
