import { BSON } from 'mongodb';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type Command = Record<string, unknown>;
/** What is answered to a command; `ok: 1` is added. An `errmsg` makes it an error. Undefined: the connection breaks. */
export type Script = (command: Command, name: string) => Command | undefined | Promise<Command | undefined>;

/**
 * Speaks MongoDB's wire protocol and says what a test has it say: rights, codes and silence that no server at hand has.
 */
export async function scriptedMongo(script: Script) {
  const commands: Command[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    void answer(socket, async (command) => {
      const [name = ''] = Object.keys(command);
      if (isGreeting(name)) return greeting;
      commands.push(command);
      const said = await script(command, name);
      return said && ('errmsg' in said ? { ok: 0, ...said } : { ok: 1, ...said });
    }).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    uri: `mongodb://127.0.0.1:${port}/countersign`,
    /** Without greetings. */
    commands,
    named: (name: string) => commands.filter((command) => Object.keys(command)[0] === name),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export const listing = (firstBatch: readonly object[]): Command => ({
  cursor: { id: BSON.Long.ZERO, ns: 'countersign.x', firstBatch },
});

/** A server that is empty and takes everything. */
export const takesAll: Script = (command, name) => {
  if (name === 'find' || name === 'aggregate' || name === 'listIndexes') return listing([]);
  if (name === 'update') return { n: 0, nModified: 0 };
  if (name === 'insert') return { n: (command['documents'] as unknown[]).length };
  return {};
};

export const serverError = (code: number, codeName: string, errmsg = codeName): Command => ({ code, codeName, errmsg });

const isGreeting = (name: string): boolean => ['hello', 'ismaster', 'isMaster'].includes(name);
const greeting = {
  ok: 1,
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
};

const [opReply, opQuery] = [1, 2004];

async function answer(socket: Socket, say: (command: Command) => Promise<Command | undefined>): Promise<void> {
  let read = Buffer.alloc(0);
  for await (const chunk of socket) {
    read = Buffer.concat([read, chunk as Buffer]);
    while (read.length >= 4 && read.length >= read.readInt32LE(0)) {
      const message = read.subarray(0, read.readInt32LE(0));
      read = read.subarray(message.length);
      const isQuery = message.readInt32LE(12) === opQuery;
      const said = await say(isQuery ? queryIn(message) : commandIn(message));
      if (!said) return void socket.destroy();
      socket.write(isQuery ? reply(message, said) : opMsg(message, said));
    }
  }
}

/** A greeting of old: flags, the collection's name, two numbers, the command. */
const queryIn = (message: Buffer): Command => BSON.deserialize(message.subarray(message.indexOf(0, 20) + 9));

/** Flags, then sections: the command, and lists of documents that belong into it. */
function commandIn(message: Buffer): Command {
  let command: Command = {};
  for (let at = 20; at < message.length;) {
    const kind = message[at]!;
    const size = message.readInt32LE(at + 1);
    const section = message.subarray(at + 1, at + 1 + size);
    if (kind === 0) command = { ...BSON.deserialize(section), ...command };
    else {
      const name = section.subarray(4, section.indexOf(0, 4)).toString();
      command = { ...command, [name]: documentsIn(section.subarray(5 + name.length)) };
    }
    at += 1 + size;
  }
  return command;
}

function documentsIn(bytes: Buffer): Command[] {
  const found: Command[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at)) {
    found.push(BSON.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at))));
  }
  return found;
}

const header = (to: Buffer, opcode: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + body.length, 0);
  head.writeInt32LE(to.readInt32LE(4), 8);
  head.writeInt32LE(opcode, 12);
  return Buffer.concat([head, body]);
};

const opMsg = (to: Buffer, said: Command): Buffer =>
  header(to, 2013, Buffer.concat([Buffer.alloc(5), BSON.serialize(said)]));

const reply = (to: Buffer, said: Command): Buffer => {
  const fields = Buffer.alloc(20);
  fields.writeInt32LE(1, 16);
  return header(to, opReply, Buffer.concat([fields, BSON.serialize(said)]));
};

/** An answer that takes its time. */
export const after = async <T>(ms: number, said: T): Promise<T> => (await delay(ms), said);
