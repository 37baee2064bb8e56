import { McpServer, Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** This file: run as a program it is a server over standard input and output. */
export const mcpServerProgram: string = fileURLToPath(import.meta.url);

/** An MCP server for specifications. */
export function givenServer(): McpServer {
  const server = new McpServer({ name: 'given', version: '1.0.0' });
  const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
  const inputSchema = z.object({ words: z.string() });
  server.registerTool(
    'echo',
    { description: 'Says it again.', inputSchema, annotations: { readOnlyHint: true } },
    (args) => text(args.words),
  );
  server.registerTool('two.lines', {}, () => ({
    content: ['one', 'two'].map((line) => ({ type: 'text' as const, text: line })),
  }));
  server.registerTool('two_lines', { description: 'x'.repeat(5_000) }, () => text('cut'));
  // oxlint-disable-next-line node/no-process-env -- what it received is the question
  server.registerTool('environment', {}, () => text(JSON.stringify(process.env)));
  server.registerTool('process', {}, () => text(String(process.pid)));
  server.registerTool('fail', {}, () => ({ ...text('the disk is full'), isError: true }));
  server.registerTool('measure', {}, () => ({ content: [], structuredContent: { celsius: 21 } }));
  server.registerTool('draw', {}, () => ({
    content: [
      { type: 'image', mimeType: 'image/png', data: Buffer.alloc(1234).toString('base64') },
      { type: 'resource', resource: { uri: 'file:///notes', text: 'a note' } },
      { type: 'resource_link', uri: 'file:///plan', name: 'plan' },
    ],
  }));
  server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => {
    console.error('waiting');
    await once(signal, 'abort');
    console.error('cancelled');
    return text('never read');
  });
  server.registerTool('work', {}, async ({ mcpReq: { _meta, notify } }) => {
    for (const step of [1, 2, 3, 4]) {
      await sleep(400);
      const params = { progressToken: _meta!.progressToken!, progress: step, total: 4, message: `step ${step}` };
      await notify({ method: 'notifications/progress', params });
    }
    return text('done');
  });
  server.registerTool('die', {}, () => process.exit(1));
  server.registerTool('learn', {}, () => {
    server.registerTool('learned', { annotations: { readOnlyHint: true } }, () => text('new'));
    return text('learned');
  });
  return server;
}

/** A server that names one tool a page, and writes its schemas in an older dialect. */
export function pagingServer(
  names: readonly string[],
  annotations?: { readOnlyHint: boolean },
  parameters: Readonly<Record<string, readonly string[]>> = {},
): Server {
  const server = new Server({ name: 'paging', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', ({ params }) => {
    const page = Number(params?.cursor ?? 0);
    const properties = Object.fromEntries((parameters[names[page]!] ?? []).map((name) => [name, { type: 'string' }]));
    const $schema = 'http://json-schema.org/draft-07/schema#';
    const inputSchema = { $schema, type: 'object' as const, ...(parameters[names[page]!] && { properties }) };
    return {
      tools: [{ name: names[page]!, inputSchema, ...(annotations && { annotations }) }],
      ...(page + 1 < names.length && { nextCursor: String(page + 1) }),
    };
  });
  server.setRequestHandler('tools/call', ({ params }) => ({ content: [{ type: 'text', text: params.name }] }));
  return server;
}

export interface HttpServer {
  url: string;
  headers: IncomingMessage['headers'][];
  /** Tool calls that reached a session. */
  calls: number;
  /** Answers 401 to every other Authorization from now on. */
  takes(authorization: string): void;
  /** No session is known any more, as after a restart. */
  forget(): void;
  /** Breaks off every answer that is under way. */
  breakOff(): void;
  stop(): Promise<void>;
}

/** Serves over HTTP on a port of this machine, with a server for each session. */
export async function startHttp(make: () => McpServer | Server = givenServer, port = 0): Promise<HttpServer> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const server = createServer((request, reply) => {
    given.headers.push(request.headers);
    void answer(request, reply).catch(() => reply.destroy());
  });
  let taken: string | undefined;
  const answer = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    if (taken !== undefined && request.headers.authorization !== taken) return void reply.writeHead(401).end();
    const id = request.headers['mcp-session-id'] as string | undefined;
    const transport = id === undefined ? await open() : sessions.get(id);
    if (!transport) return void reply.writeHead(404).end('no such session');
    const body = await bodyOf(request);
    if (body?.includes('"tools/call"')) given.calls++;
    const response = await transport.handleRequest(
      new Request(given.url, {
        method: request.method!,
        headers: request.headers as Record<string, string>,
        ...(body !== undefined && { body }),
      }),
    );
    reply.writeHead(response.status, Object.fromEntries(response.headers)).flushHeaders();
    if (!response.body) return void reply.end();
    await pipeline(Readable.fromWeb(response.body as ReadableStream), reply);
  };
  const open = async () => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await make().connect(transport);
    return transport;
  };
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const given: HttpServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    headers: [],
    calls: 0,
    takes: (authorization) => (taken = authorization),
    forget: () => sessions.clear(),
    breakOff: () => server.closeAllConnections(),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return given;
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  if (request.method !== 'POST') return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

if (import.meta.main) await givenServer().connect(new StdioServerTransport());
