import { join, resolve } from 'node:path';
import { freePort } from './free-port.js';
import { mongoAnswers } from './probe.js';
import { startJavaServer, type Server } from './server.js';

export interface MongoServer extends Server {
  /** What MONGODB_URI is to be. */
  readonly uri: string;
}

/**
 * Starts a server that speaks MongoDB's protocol on 127.0.0.1. Its data lives in `dir`, or with `memory` nowhere.
 * It has what Countersign uses of MongoDB (atomic writes of one document) and no transactions.
 */
export async function startMongo({
  dir,
  port,
  detached = false,
  optimizing = detached,
  memory = false,
}: {
  dir: string;
  port?: number;
  detached?: boolean;
  /** Whether its JVM optimizes, for use of more than minutes; unless said, if it may outlive this process. */
  optimizing?: boolean;
  memory?: boolean;
}): Promise<MongoServer> {
  const chosen = port ?? (await freePort());
  const command = ['LocalMongo', String(chosen), ...(memory ? [] : [join(resolve(dir), 'data.mv')])];
  // What is kept in memory alone grows for as long as it is used.
  const jvm = memory && optimizing ? ['-Xmx2g'] : [];
  const server = await startJavaServer({
    dir,
    port: chosen,
    command,
    jvm,
    detached,
    optimizing,
    answers: mongoAnswers,
  });
  return { ...server, uri: `mongodb://127.0.0.1:${chosen}/countersign` };
}
