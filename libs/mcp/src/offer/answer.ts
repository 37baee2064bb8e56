import { Server, WebStandardStreamableHTTPServerTransport, type CallToolResult } from '@modelcontextprotocol/server';

/** A tool as a client of MCP sees it. */
interface OfferedTool {
  name: string;
  description: string;
  /** The JSON Schema of the arguments. */
  parameters: Record<string, unknown>;
}

/** What came of a call: a sentence for a model, fields for a program, and whether it was not (yet) made well. */
export interface OfferedAnswer {
  text: string;
  fields: Record<string, unknown>;
  isError: boolean;
}

export interface OfferedCall {
  name: string;
  args: Record<string, unknown>;
  /** What the client names the call by, so that it finds it again; undefined when it does not. */
  key: string | undefined;
  /** Aborted when the client takes its request back. */
  signal: AbortSignal;
  /** Says how far it is, to a client that wants to know. */
  progress(message: string): Promise<void>;
}

/** What is offered over the Model Context Protocol. */
export interface Offer {
  name: string;
  tools: readonly OfferedTool[];
  call(call: OfferedCall): Promise<OfferedAnswer>;
}

/** Where in `_meta` of a call a client says its key. */
export const keyInMeta = 'countersign/idempotency_key';

/**
 * Answers one request of Streamable HTTP. Nothing is kept between requests: what has to survive them is stored by whoever
 * makes the offer, so that any instance answers any of them.
 *
 * @param body the parsed body of the request
 */
export async function answerMcp(offer: Offer, request: Request, body: unknown): Promise<Response> {
  const server = new Server({ name: offer.name, version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: offer.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: { ...parameters, type: 'object' as const },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }): Promise<CallToolResult> => {
    const key = params._meta?.[keyInMeta];
    let said = 0;
    const { text, fields, isError } = await offer.call({
      name: params.name,
      args: params.arguments ?? {},
      key: typeof key === 'string' ? key : undefined,
      signal: mcpReq.signal,
      async progress(message) {
        const progressToken = mcpReq._meta?.progressToken;
        if (progressToken === undefined) return;
        const params = { progressToken, progress: (said += 1), message };
        await mcpReq.notify({ method: 'notifications/progress', params });
      },
    });
    return { content: [{ type: 'text', text }], structuredContent: fields, isError };
  });
  const transport = new WebStandardStreamableHTTPServerTransport({});
  await server.connect(transport);
  return transport.handleRequest(request, { parsedBody: body });
}
