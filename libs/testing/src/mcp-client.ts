// oxlint-disable-next-line no-restricted-imports -- the official client, as others have it
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

export type McpClient = Client;

/** The official client of the Model Context Protocol, with a bearer key. */
export async function connectMcp(url: string, key: string): Promise<Client> {
  const client = new Client({ name: 'specification', version: '1.0.0' });
  const headers = { authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}
