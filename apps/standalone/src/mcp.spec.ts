import { connectMcp, connectMcpTasks, type McpClient } from '@countersign/testing/mcp-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Office } from '../test/external-calls.fixtures.js';
import { adminKey } from '../test/standalone.fixtures.js';

const Task = z.looseObject({ taskId: z.string(), status: z.string() });
const Result = z.looseObject({ content: z.array(z.unknown()) });

describe('the gated tools of an agent, over the Model Context Protocol', () => {
  let office: Office;
  let client: McpClient;
  beforeAll(async () => {
    office = await Office.open();
    client = await connect();
  }, 60_000);
  afterAll(async () => {
    await client.close();
    await office.standalone.close();
  });

  const connect = (key = office.keys.bot) => connectMcp(`${office.standalone.url}/mcp/bot`, key);
  const deploy = (service: string, more: object = {}) =>
    client.callTool({ name: 'deploy', arguments: { service }, ...more });
  const pending = async (service: string) => {
    const { body } = await office.send<{ data: { id: string; tool_args: { service?: string } }[] }>(
      'GET',
      '/approvals?status=pending',
      adminKey,
    );
    return body.data.find(({ tool_args }) => tool_args.service === service)?.id;
  };
  /** The next such call is decided. */
  const decide = async (service: string, status: string, more: object = {}) =>
    office.resolve((await vi.waitUntil(() => pending(service), { timeout: 8_000 }))!, status, more);

  it('are offered with their parameters, without those that only their caller could make', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['deploy', 'countersign_check']);
    expect(tools[0]).toMatchObject({ inputSchema: { required: ['service'] }, execution: { taskSupport: 'optional' } });
  });

  it('are made once people have approved, and say how far they are meanwhile', async () => {
    const said: string[] = [];
    const onprogress = ({ message }: { message?: string | undefined }) => void said.push(message ?? '');
    const called = client.callTool({ name: 'deploy', arguments: { service: 'auth' } }, { onprogress });
    await decide('auth', 'approved');
    expect(await called).toMatchObject({
      isError: false,
      content: [{ text: expect.stringContaining('auth') }],
      structuredContent: { status: 'succeeded' },
    });
    expect(said[0]).toMatch(/^waiting \(id /);
  });

  it('tell a rejection with its reason, and an edit, as they are', async () => {
    const rejected = deploy('billing');
    await decide('billing', 'rejected', { resolution_data: { note: 'Not on a Friday.' } });
    expect(await rejected).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('NOT made: it was rejected. Reason: Not on a Friday.') }],
      structuredContent: { status: 'rejected', note: 'Not on a Friday.' },
    });
    const edited = deploy('search');
    await decide('search', 'approved', { resolution_data: { tool_args: { service: 'found' } } });
    expect(await edited).toMatchObject({
      content: [{ text: expect.stringContaining('changed the arguments to {"service":"found"}') }],
      structuredContent: { status: 'succeeded', approved_arguments: { service: 'found' } },
    });
  });

  it('are found again by their key after the connection broke, and looked at with the check tool', async () => {
    const meta = { _meta: { 'countersign/idempotency_key': 'reconnect' } };
    const lost = deploy('ledger', meta);
    lost.catch(() => {});
    await vi.waitUntil(() => pending('ledger'), { timeout: 8_000 });
    await client.close();
    client = await connect();
    const again = deploy('ledger', meta);
    await decide('ledger', 'approved');
    const { structuredContent } = await again;
    expect(structuredContent).toMatchObject({ status: 'succeeded' });
    const { id } = structuredContent as { id: string };
    const checked = await client.callTool({ name: 'countersign_check', arguments: { id } });
    expect(checked).toMatchObject({ isError: false, structuredContent: { id, status: 'succeeded' } });
  });

  describe('called as a task, by a client that has them', () => {
    const begin = (service: string, more: object = {}) => {
      const params = { name: 'deploy', arguments: { service }, task: {}, ...more };
      return client.request({ method: 'tools/call', params }, z.object({ task: Task }));
    };
    const ask = <T extends z.ZodType>(method: string, taskId: string, result: T, as = client) =>
      as.request({ method, params: { taskId } }, result) as Promise<z.infer<T>>;

    it('are answered at once, and their outcome is looked for by their id', async () => {
      const { task } = await begin('task-one');
      expect(task).toMatchObject({ status: 'working', statusMessage: 'waiting', ttl: null });
      const result = ask('tasks/result', task.taskId, Result);
      await decide('task-one', 'approved');
      expect(await result).toMatchObject({
        isError: false,
        structuredContent: { status: 'succeeded' },
        _meta: { 'io.modelcontextprotocol/related-task': { taskId: task.taskId } },
      });
      expect(await ask('tasks/get', task.taskId, Task)).toMatchObject({ status: 'completed' });
    });

    it('have failed when they were rejected, and say why', async () => {
      const meta = { _meta: { 'countersign/idempotency_key': 'task-two' } };
      const { task } = await begin('task-two', meta);
      expect((await begin('task-two', meta)).task.taskId).toBe(task.taskId);
      await decide('task-two', 'rejected', { resolution_data: { note: 'Not on a Friday.' } });
      expect(await ask('tasks/result', task.taskId, Result)).toMatchObject({
        isError: true,
        structuredContent: { status: 'rejected', note: 'Not on a Friday.' },
      });
      expect(await ask('tasks/get', task.taskId, Task)).toMatchObject({ status: 'failed' });
    });

    it('are taken back before they begin, and stay cancelled; what is over is not', async () => {
      const { task } = await begin('task-four');
      const approval = (await vi.waitUntil(() => pending('task-four'), { timeout: 8_000 }))!;
      expect(await ask('tasks/cancel', task.taskId, Task)).toMatchObject({ status: 'cancelled' });
      await vi.waitUntil(async () => (await pending('task-four')) === undefined, { timeout: 8_000 });
      const late = await office.send('POST', `/approvals/${approval}/resolve`, adminKey, { status: 'approved' });
      expect(late).toMatchObject({ status: 409 });
      expect(await ask('tasks/get', task.taskId, Task)).toMatchObject({ status: 'cancelled' });
      await expect(ask('tasks/cancel', task.taskId, Task)).rejects.toThrow('cancelled already');
      expect(await ask('tasks/result', task.taskId, Result)).toMatchObject({ isError: true });
    });

    it('are not there for another, and not begun where they may not be asked for', async () => {
      const { task } = await begin('task-three');
      const url = `${office.standalone.url}/mcp/other`;
      const other = await connectMcp(url, office.keys.other);
      for (const [as, id] of [
        [other, task.taskId],
        [client, 'none'],
      ] as const)
        for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
          await expect(ask(method, id, z.unknown(), as)).rejects.toThrow('There is no task');
      await other.close();
      await expect(begin('x', { arguments: {} })).rejects.toThrow('do not fit');
      await expect(begin('x', { name: 'countersign_check', arguments: { id: task.taskId } })).rejects.toThrow(
        'as a task',
      );
    });
  });

  describe('as of the revision of 2026', () => {
    const url = () => `${office.standalone.url}/mcp/bot`;

    it('are made without a handshake, once people have approved, and say how far they are', async () => {
      const modern = await connectMcp(url(), office.keys.bot, '2026-07-28');
      expect((await modern.listTools()).tools.map(({ name }) => name)).toEqual(['deploy', 'countersign_check']);
      const said: string[] = [];
      const onprogress = ({ message }: { message?: string | undefined }) => void said.push(message ?? '');
      const called = modern.callTool({ name: 'deploy', arguments: { service: 'modern' } }, { onprogress });
      await decide('modern', 'approved');
      expect(await called).toMatchObject({ isError: false, structuredContent: { status: 'succeeded' } });
      expect(said[0]).toMatch(/^waiting \(id /);
      await modern.close();
    });

    it('are tasks for whoever has that extension: approved, rejected with the reason, or taken back', async () => {
      const session = await connectMcpTasks(url(), office.keys.bot);
      const call = async (service: string) => {
        const execution = await session.callTool('deploy', { service });
        await vi.waitUntil(() => pending(service), { timeout: 8_000 });
        return execution;
      };
      const approved = await call('ext-one');
      expect(approved).toMatchObject({ kind: 'task' });
      await decide('ext-one', 'approved');
      expect((await approved.settle()).outcome).toMatchObject({
        status: 'completed',
        result: { isError: false, structuredContent: { status: 'succeeded' } },
      });
      const rejected = await call('ext-two');
      await decide('ext-two', 'rejected', { resolution_data: { note: 'Not on a Friday.' } });
      expect((await rejected.settle()).outcome).toMatchObject({
        status: 'completed',
        result: { isError: true, structuredContent: { status: 'rejected', note: 'Not on a Friday.' } },
      });
      const cancelled = await call('ext-three');
      await cancelled.cancel();
      await vi.waitUntil(async () => (await pending('ext-three')) === undefined, { timeout: 8_000 });
      expect((await cancelled.settle()).outcome).toMatchObject({ status: 'cancelled' });
      // What may not be asked for is answered at once.
      const wrong = await session.callTool('deploy', {});
      expect(wrong).toMatchObject({ kind: 'immediate' });
      await session.close();
    });
  });

  it('are refused with a code where nothing is declared, and to whoever is not', async () => {
    const refund = await client.callTool({ name: 'erase', arguments: {} });
    expect(refund).toMatchObject({ isError: true, structuredContent: { code: 'tool_not_declared' } });
    const wrong = await client.callTool({ name: 'deploy', arguments: {} });
    expect(wrong).toMatchObject({ isError: true, structuredContent: { code: 'values_do_not_fit' } });
    const strange = await client.callTool({ name: 'countersign_check', arguments: { id: 'another' } });
    expect(strange).toMatchObject({ isError: true, structuredContent: { code: 'run_not_found' } });
    for (const key of [office.keys.other, adminKey, 'none']) await expect(connect(key)).rejects.toThrow();
  });
});
