import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { resultOf, type Offer, type OfferedTask } from './offer.js';

/** People take longer than any other task. */
const pollInterval = 5_000;

/** It is kept as long as the record of the call is. */
export const taskOnWire = ({ id, status, message, created_at, updated_at }: OfferedTask) => ({
  taskId: id,
  status,
  statusMessage: message,
  createdAt: created_at.toISOString(),
  lastUpdatedAt: updated_at.toISOString(),
  ttl: null,
  pollInterval,
});

const relatedTask = 'io.modelcontextprotocol/related-task';
export const params = z.object({ taskId: z.string() });

/** Tasks as of protocol 2025-11-25, where they are experimental: for clients that have them. */
export function offerTasks(server: Server, offer: Pick<Offer, 'task' | 'cancel' | 'answer'>): void {
  server.setRequestHandler('tasks/get', { params }, async ({ taskId }) => {
    const task = await offer.task(taskId);
    if (!task) throw noSuchTask(taskId);
    return taskOnWire(task);
  });
  server.setRequestHandler('tasks/cancel', { params }, async ({ taskId }) => {
    const task = await offer.cancel(taskId);
    if (!task) throw noSuchTask(taskId);
    if ('isError' in task) throw new ProtocolError(ProtocolErrorCode.InvalidParams, task.text, task.fields);
    return taskOnWire(task);
  });
  server.setRequestHandler('tasks/result', { params }, async ({ taskId }, { mcpReq }) => {
    const answer = await offer.answer(taskId, mcpReq.signal);
    if (!answer) throw noSuchTask(taskId);
    return { ...resultOf(answer), _meta: { [relatedTask]: { taskId } } };
  });
}

export const noSuchTask = (id: string) =>
  new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no task "${id}".`);
