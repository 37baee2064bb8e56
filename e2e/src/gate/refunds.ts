import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A target whose ids are wider than a JSON number in JavaScript. */
export interface Refunds {
  url: string;
  /** The bodies it was sent, as they were written. */
  readonly bodies: string[];
  /** The ids that it was asked about. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export const wideId = '2512292042121000001';

export async function startRefunds(): Promise<Refunds> {
  const bodies: string[] = [];
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const isNew = request.method === 'POST';
    if (isNew) bodies.push(await text(request));
    else asked.push(request.url!.split('/').at(-1)!);
    const isKnown = isNew || request.url!.endsWith(`/${wideId}`);
    response
      .writeHead(isKnown ? (isNew ? 202 : 200) : 404, { 'content-type': 'application/json' })
      .end(isKnown ? `{"id": ${wideId}, "state": "done"}` : '{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    bodies,
    asked,
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
