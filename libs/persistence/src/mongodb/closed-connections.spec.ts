import { createRequire } from 'node:module';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { failCommandsOfClosedConnections } from './closed-connections.js';

const load = createRequire(import.meta.url);
const { Connection } = load('mongodb/lib/cmap/connection');
const { ns } = load('mongodb/lib/utils');

/** One connection of the driver, to a server that answers nothing. */
async function connection() {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const hostAddress = { toString: () => `127.0.0.1:${port}` };
  const made = new Connection(socket, { hostAddress, generation: 0, id: 1, monitorCommands: false });
  onTestFinished(() => made.destroy());
  return made;
}

failCommandsOfClosedConnections();

it('a command fails whose connection is closed while it is encoded', { timeout: 5_000 }, async () => {
  const closing = await connection();
  const answered = closing.command(ns('test.$cmd'), { ping: 1 }, {});
  closing.destroy();
  await expect(answered).rejects.toThrow('connection 1 to 127.0.0.1');
});

it('a command fails whose connection is closed while it waits for its answer', { timeout: 5_000 }, async () => {
  const closing = await connection();
  const answered = closing.command(ns('test.$cmd'), { ping: 1 }, {});
  const failed = expect(answered).rejects.toThrow('connection 1 to 127.0.0.1');
  await new Promise(setImmediate);
  closing.destroy();
  await failed;
  expect(closing.listenerCount(Connection.CLOSE), 'nothing is left behind').toBe(0);
});
