import { MissingRequiredClientCapabilityError, type CallToolResult, type Server } from '@modelcontextprotocol/server';
import { resultOf, type Offer, type OfferedAnswer, type OfferedTask } from './offer.js';
import { noSuchTask, params, taskOnWire } from './tasks.js';

/** Tasks as of protocol 2026-07-28, an extension (SEP-2663): who has it gets a task for each call that people may decide on. */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

export const hasTasks = (server: Server): boolean =>
  server.getClientCapabilities()?.extensions?.[tasksExtension] !== undefined;

/** What a call is answered with; what may not be asked for is answered at once, as without tasks. */
export function createdTask(task: OfferedTask | OfferedAnswer): CallToolResult {
  if ('isError' in task) return resultOf(task);
  // The SDK takes the answer for that of a call at once, which has content.
  return { content: [], resultType: 'task', ...extendedTask(task) };
}

/** One that was not made is over all the same: its result says so. Failed is what the protocol itself could not do. */
function extendedTask(task: OfferedTask) {
  const { ttl: ttlMs, pollInterval: pollIntervalMs, status, ...common } = taskOnWire(task);
  return { ...common, status: status === 'failed' ? ('completed' as const) : status, ttlMs, pollIntervalMs };
}

export function offerExtendedTasks(server: Server, offer: Pick<Offer, 'task' | 'cancel' | 'answer'>): void {
  const find = async (taskId: string): Promise<OfferedTask> => {
    const requiredCapabilities = { extensions: { [tasksExtension]: {} } };
    if (!hasTasks(server)) throw new MissingRequiredClientCapabilityError({ requiredCapabilities });
    const task = await offer.task(taskId);
    if (!task) throw noSuchTask(taskId);
    return task;
  };
  server.setRequestHandler('tasks/get', { params }, async ({ taskId }, { mcpReq }) => {
    const shown = extendedTask(await find(taskId));
    if (shown.status !== 'completed') return shown;
    const answer = await offer.answer(taskId, mcpReq.signal);
    if (!answer) throw noSuchTask(taskId);
    return { ...shown, result: { ...resultOf(answer), resultType: 'complete' } };
  });
  server.setRequestHandler('tasks/cancel', { params }, async ({ taskId }) => {
    await find(taskId);
    // What had begun is not undone: its status says so.
    await offer.cancel(taskId);
    return {};
  });
  // Nothing is ever asked of a client here, so that there is nothing to answer.
  server.setRequestHandler('tasks/update', { params }, async ({ taskId }) => {
    await find(taskId);
    return {};
  });
}
