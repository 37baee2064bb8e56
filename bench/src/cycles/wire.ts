import { Socket } from 'node:net';

/** What this process has asked of Kafka and MongoDB since the trace began: names of requests and their numbers. */
export interface WireTrace {
  readonly counts: ReadonlyMap<string, number>;
  clear(): void;
  stop(): void;
}

/** Of the requests that a cycle makes; the names of Kafka's protocol. */
const kafkaRequests = new Map([
  [0, 'Produce'],
  [1, 'Fetch'],
  [8, 'OffsetCommit'],
]);
const opMsg = 2013;

/** Reads along what sockets of this process write to these ports, one request a write as the clients have it. */
export function traceWire({ kafka, mongodb }: { kafka: number; mongodb: number }): WireTrace {
  const counts = new Map<string, number>();
  const { write } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...args: unknown[]) {
    const [chunk] = args;
    const name = Buffer.isBuffer(chunk) ? requestIn(chunk, this.remotePort, { kafka, mongodb }) : undefined;
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    return (write as (...args: unknown[]) => boolean).apply(this, args);
  } as typeof write;
  return { counts, clear: () => counts.clear(), stop: () => void (Socket.prototype.write = write) };
}

function requestIn(bytes: Buffer, port: number | undefined, ports: { kafka: number; mongodb: number }) {
  if (port === ports.kafka && bytes.length > 8) return kafkaRequests.get(bytes.readInt16BE(4));
  // The header, flags and the kind of the section stand before the document, whose first name is the command.
  if (port === ports.mongodb && bytes.length > 30 && bytes.readInt32LE(12) === opMsg) return commandIn(bytes);
  return undefined;
}

/** The command's name and the collection it is for. */
function commandIn(bytes: Buffer): string {
  const end = bytes.indexOf(0, 26);
  const isAboutCollection = bytes[25] === stringType;
  const collection = isAboutCollection ? ` ${bytes.toString('utf8', end + 5, bytes.indexOf(0, end + 5))}` : '';
  return bytes.toString('utf8', 26, end) + collection;
}

const stringType = 2;
