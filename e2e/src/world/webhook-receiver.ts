import type { Approval } from '@countersign/contracts/approvals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Something that was received, and whether its signature is what Standard Webhooks says it is. */
export interface Received {
  id: string;
  type: string;
  approval: Approval;
  isSigned: boolean;
}

/** A server that is told of approvals. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  stop(): Promise<void>;
}

/** @param secret as in the channel: `whsec_` and the key in Base64. */
export async function startReceiver(secret: string): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { type, data } = JSON.parse(body) as { type: string; data: Approval };
    const { 'webhook-id': id } = request.headers;
    received.push({ id: String(id), type, approval: data, isSigned: isSigned(request.headers, body, secret) });
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** By the words of the specification, with nothing of the library that signs. */
function isSigned(headers: IncomingHttpHeaders, body: string, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
