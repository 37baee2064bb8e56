import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Dispatch {
  headers: IncomingMessage['headers'];
  path: string;
  body: Record<string, unknown>;
}

interface Run {
  id: number;
  key: string;
  /** What it says each time it is asked; the last for ever. */
  says: object[];
  asked: number;
}

/**
 * What goes wrong with a request: an answer instead of doing it; or it is done, and then there is another answer, none
 * at all, or the connection is lost.
 */
export type Fault =
  | { instead: { status: number; headers?: Record<string, string>; body?: unknown } }
  | { done_then: { status: number; headers?: Record<string, string>; body?: unknown } | 'lost' | 'silent' | 'half' };

export const token = 'ghs_a-token-that-nobody-may-see';
const succeeds = [
  { status: 'queued', conclusion: null },
  { status: 'in_progress', conclusion: null, percent: 40 },
  { status: 'completed', conclusion: 'success', percent: 100 },
];

/**
 * Starts workflows and says how far they are: with GitHub's paths and answers (`/repos/O/R/actions/…`), and as a service
 * that does a thing once for each `Idempotency-Key` and gives duplicates its first answer (`/releases`).
 */
export class WorkflowServer {
  /** What was taken on, in order: the judge of what was done how often. */
  readonly done: Dispatch[] = [];
  readonly requests: Dispatch[] = [];
  /** What goes wrong with the next requests that would start something. */
  readonly faults: Fault[] = [];
  /** What goes wrong with the next questions. */
  readonly questionFaults: Fault[] = [];
  /** What the next run says when it is asked, and then each time. */
  says: object[] = succeeds;
  url = '';
  readonly #runs: Run[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, reply) => void this.#answer(request, reply));
  }

  static async start(): Promise<WorkflowServer> {
    const server = new WorkflowServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { headers, method = '', url: path = '' } = request;
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const received = { headers, path, body };
    this.requests.push(received);
    const isQuestion = method === 'GET';
    const fault = (isQuestion ? this.questionFaults : this.faults).shift();
    const say = ({ status, headers, body }: { status: number; headers?: Record<string, string>; body?: unknown }) =>
      reply
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(body === undefined ? '' : typeof body === 'string' && body.startsWith('{') ? body : JSON.stringify(body));
    if (fault && 'instead' in fault) return void say(fault.instead);
    const answer = isQuestion ? this.#tell(path) : this.#take(received);
    if (!fault) return void say(answer);
    const then = fault.done_then;
    if (then === 'lost') return void request.socket.destroy();
    if (then === 'silent') return;
    if (then === 'half') {
      reply.writeHead(answer.status, { 'content-length': '1000' });
      reply.write('{', () => request.socket.destroy());
    } else say(then);
  }

  #take(received: Dispatch): { status: number; body?: unknown } {
    const { body, headers, path } = received;
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { message: 'Bad credentials' } };
    const key = String(headers['idempotency-key']);
    const isGitHub = /^\/repos\/[^/]+\/[^/]+\/actions\/workflows\/deploy\.yml\/dispatches$/.test(path);
    if (!isGitHub && path !== '/releases') return { status: 404, body: { message: 'Not Found' } };
    if (isGitHub && typeof body['ref'] !== 'string')
      return { status: 422, body: { message: 'Invalid request.\n\n"ref" wasn\'t supplied.' } };
    const known = isGitHub ? undefined : this.#runs.find((run) => run.key === key);
    const run = known ?? { id: 1_000 + this.#runs.length, key, says: this.says, asked: 0 };
    if (!known) {
      this.#runs.push(run);
      this.done.push(received);
    }
    if (!isGitHub) return { status: 202, body: { id: run.id } };
    if (body['return_run_details'] !== true) return { status: 204 };
    const run_url = `${this.url}/repos/acme/shop/actions/runs/${run.id}`;
    return { status: 200, body: { workflow_run_id: run.id, run_url, html_url: 'https://github.example/acme/shop' } };
  }

  #tell(path: string): { status: number; body?: unknown } {
    const [, id, key] = /^\/(?:repos\/acme\/shop\/actions\/runs|releases)\/(?:(\d+)|by-key\/([^/]+))$/.exec(path) ?? [];
    const run = this.#runs.find((each) => String(each.id) === id || each.key === key);
    if (!run) return { status: 404, body: { message: 'Not Found' } };
    const said = run.says[Math.min(run.asked++, run.says.length - 1)];
    return { status: 200, body: { id: run.id, ...said, html_url: `https://github.example/runs/${run.id}` } };
  }
}
