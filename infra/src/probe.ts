import { connect } from 'node:net';

/** Whether a Kafka broker at this port of 127.0.0.1 serves clients: its metadata names a broker, itself. */
export async function kafkaAnswers(port: number): Promise<boolean> {
  const metadata = 3;
  const request = Buffer.alloc(18);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(metadata, 4);
  request.writeInt16BE(1, 6); // version of the request
  request.writeInt32BE(1, 8); // correlation id
  request.writeInt16BE(-1, 12); // no client id
  request.writeInt32BE(0, 14); // about no topic
  const reply = await ask(port, request, 12);
  return reply !== undefined && reply.readInt32BE(8) > 0;
}

/** Whether a server at this port of 127.0.0.1 answers MongoDB's `ping`. */
export async function mongoAnswers(port: number): Promise<boolean> {
  const message = 2013;
  const ping = Buffer.from('\0\0\0\0\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0', 'latin1');
  ping.writeInt32LE(ping.length, 0);
  const header = Buffer.alloc(21); // ends with flags and the kind of the section that follows, both 0
  header.writeInt32LE(header.length + ping.length, 0);
  header.writeInt32LE(1, 4); // request id
  header.writeInt32LE(message, 12);
  const reply = await ask(port, Buffer.concat([header, ping]), 16);
  return reply?.readInt32LE(12) === message;
}

/** The first bytes of the answer, or undefined when there is none within a second. */
const ask = (port: number, request: Buffer, bytes: number): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    let reply = Buffer.alloc(0);
    const socket = connect({ host: '127.0.0.1', port, timeout: 1000 }, () => socket.write(request));
    socket.on('data', (chunk) => {
      reply = Buffer.concat([reply, chunk]);
      if (reply.length >= bytes) socket.destroy();
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => resolve(reply.length >= bytes ? reply : undefined));
  });
