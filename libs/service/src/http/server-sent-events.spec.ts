import { fastify, type FastifyReply } from 'fastify';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendEvents, type ServerSentEvent } from './server-sent-events.js';

describe('a stream of events', () => {
  let server: ReturnType<typeof fastify>;
  /** Streams that have begun and not ended. */
  let open: number;
  let begun: number;
  let sent: number;
  beforeEach(async () => {
    [open, begun, sent, server] = [0, 0, 0, fastify()];
    server.get('/', (_request: unknown, reply: FastifyReply) => sendEvents(reply, endless(), { stalledMs: 200 }));
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  async function* endless(): AsyncGenerator<ServerSentEvent, void> {
    const data = { text: 'x'.repeat(100_000) };
    open += 1;
    begun += 1;
    try {
      for (;;) yield { id: String((sent += 1)), event: 'news', data };
    } finally {
      open -= 1;
    }
  }
  async function reader() {
    const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    return socket;
  }

  it('drops a reader that does not read, and makes no more for it than it is given', async () => {
    const stopped = await Promise.all(Array.from({ length: 20 }, reader));
    for (const socket of stopped) socket.pause();
    // One that began early may have been dropped before the last one begins.
    await vi.waitFor(() => expect([begun, open]).toEqual([20, 0]), { timeout: 20_000 });
    expect(sent, 'what the buffers of the sockets hold').toBeLessThan(20 * 200);
    for (const socket of stopped) socket.destroy();
  });

  it('is there for as long as somebody reads it', async () => {
    const socket = await reader();
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    const until = Date.now() + 600;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(until), { timeout: 2_000 });
    expect([open, bytes > 1_000_000]).toEqual([1, true]);
    socket.destroy();
    await vi.waitFor(() => expect(open).toBe(0), { timeout: 20_000 });
  });
});
