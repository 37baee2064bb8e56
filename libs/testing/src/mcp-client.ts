// oxlint-disable-next-line no-restricted-imports -- the official client, as others have it
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
// oxlint-disable-next-line no-restricted-imports -- the same
import {
  createTaskSessionFromClient,
  type RawClientDispatch,
  type V2RequestFraming,
} from '@modelcontextprotocol/ext-tasks/client';

export type McpClient = Client;

type Answered = Awaited<ReturnType<RawClientDispatch>>;

const revision = '2026-07-28';
const clientInfo = { name: 'specification', version: '1.0.0' };

/** The official client of the Model Context Protocol, with a bearer key. @param pin the only revision that it takes */
export async function connectMcp(url: string, key: string, pin?: typeof revision): Promise<Client> {
  const client = new Client(clientInfo, pin === undefined ? {} : { versionNegotiation: { mode: { pin } } });
  const headers = { authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

/** The same with the official extension for tasks, which has requests sent beside the client, whose revision has none. */
export async function connectMcpTasks(url: string, key: string) {
  const client = await connectMcp(url, key, revision);
  const v2RequestFraming: V2RequestFraming = { protocolVersion: revision, clientInfo, clientCapabilities: {} };
  let id = 0;
  return createTaskSessionFromClient(client, {
    endpointId: url,
    v2RequestFraming,
    async rawDispatch(request) {
      const { method, params } = request as { method: string; params: { name?: string; taskId?: string } };
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': revision,
          'mcp-method': method,
          'mcp-name': params.taskId ?? params.name ?? '',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: (id += 1), ...(request as object) }),
      });
      // People are quick here.
      const answered = (await response.text()).replace('"pollIntervalMs":5000', '"pollIntervalMs":50');
      const { result, error } = JSON.parse(answered) as Pick<Extract<Answered, { kind: 'result' }>, 'result'> &
        Partial<Extract<Answered, { kind: 'error' }>>;
      return error === undefined ? { kind: 'result', result } : { kind: 'error', error };
    },
  });
}
