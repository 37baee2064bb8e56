import { connectMcp, type McpClient } from '@countersign/testing/mcp-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Office } from '../test/external-calls.fixtures.js';
import { adminKey } from '../test/standalone.fixtures.js';

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
    expect(tools[0]!.inputSchema).toMatchObject({ required: ['service'] });
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
