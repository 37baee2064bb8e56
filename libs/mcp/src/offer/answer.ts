import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type McpRequestContext,
} from '@modelcontextprotocol/server';
import { resultOf, type Offer, type OfferedCall } from './offer.js';
import { createdTask, hasTasks, offerExtendedTasks, tasksExtension } from './extended-tasks.js';
import { offerTasks, taskOnWire } from './tasks.js';

/** Where in `_meta` of a call a client says its key. */
export const keyInMeta = 'countersign/idempotency_key';

/**
 * Answers one request of Streamable HTTP, of the revisions of the protocol up to 2025-11-25 and of 2026-07-28. Nothing is kept between requests: what has to survive them is stored by whoever
 * makes the offer, so that any instance answers any of them.
 *
 * @param body the parsed body of the request
 */
export async function answerMcp(offer: Offer, request: Request, body: unknown): Promise<Response> {
  const handler = createMcpHandler(({ era }) => serverOf(offer, era));
  return handler.fetch(request, { parsedBody: body });
}

const experimentalTasks = { tasks: { cancel: {}, requests: { tools: { call: {} } } } };

function serverOf(offer: Offer, era: McpRequestContext['era']): Server {
  const isModern = era === 'modern';
  const tasks = isModern ? { extensions: { [tasksExtension]: {} } } : experimentalTasks;
  const server = new Server({ name: offer.name, version: '1' }, { capabilities: { tools: {}, ...tasks } });
  server.setRequestHandler('tools/list', () => ({
    tools: offer.tools.map(({ name, description, parameters, mayBeTask }) => ({
      name,
      description,
      ...(mayBeTask && !isModern && { execution: { taskSupport: 'optional' as const } }),
      inputSchema: { ...parameters, type: 'object' as const },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }): Promise<CallToolResult> => {
    const key = params._meta?.[keyInMeta];
    let said = 0;
    const call: OfferedCall = {
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
    };
    if (isModern && mayBeTask(offer, call) && hasTasks(server)) return createdTask(await offer.begin(call));
    return params.task === undefined ? resultOf(await offer.call(call)) : begun(offer, call);
  });
  (isModern ? offerExtendedTasks : offerTasks)(server, offer);
  return server;
}

const mayBeTask = ({ tools }: Offer, call: OfferedCall): boolean =>
  tools.some(({ name, mayBeTask }) => name === call.name && mayBeTask);

async function begun(offer: Offer, call: OfferedCall): Promise<CallToolResult> {
  if (!mayBeTask(offer, call))
    throw new ProtocolError(ProtocolErrorCode.MethodNotFound, `"${call.name}" is not called as a task.`);
  const task = await offer.begin(call);
  if ('isError' in task) throw new ProtocolError(ProtocolErrorCode.InvalidParams, task.text, task.fields);
  // The SDK checks the answer as that of a call at once, which has content.
  return { content: [], task: taskOnWire(task) };
}
