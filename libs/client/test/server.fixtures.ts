import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CountersignClient, type ClientOptions } from '../src/index.js';

/** How one request is answered. */
export type Answer = (reply: ServerResponse, request: IncomingMessage) => void;

/** A server that answers each request in its own way, the last way for good. */
export class ScriptedServer {
  readonly #server: Server;
  readonly requests: IncomingMessage[] = [];

  private constructor(answers: Answer[]) {
    this.#server = createServer((request, reply) => {
      this.requests.push(request);
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      answer(reply, request);
    });
  }

  static async open(...answers: Answer[]): Promise<ScriptedServer> {
    const opened = new ScriptedServer(answers);
    opened.#server.listen(0, '127.0.0.1');
    await once(opened.#server, 'listening');
    return opened;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  client(options: Partial<ClientOptions> = {}): CountersignClient {
    return new CountersignClient({ url: this.url, key: 'k', ...options });
  }

  headers(name: string): (string | undefined)[] {
    return this.requests.map(({ headers }) => headers[name] as string | undefined);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Approvals that were removed, since those are the shortest events; the id of each is that of its event. */
export const events =
  (...ids: number[]): Answer =>
  (reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const id of ids) reply.write(`id: ${id}\nevent: removed\ndata: {"id":"${id}"}\n\n`);
  };

export const broken =
  (answer: Answer): Answer =>
  (reply, request) => {
    answer(reply, request);
    setImmediate(() => reply.destroy());
  };

export const absent: Answer = (reply) => void reply.destroy();

export const refused =
  (status: number, more: object = {}, headers: Record<string, string> = {}): Answer =>
  (reply) =>
    reply
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ type: 'about:blank', title: 'T', status, detail: 'No.', ...more }));

export const json =
  (value: unknown): Answer =>
  (reply) =>
    reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
