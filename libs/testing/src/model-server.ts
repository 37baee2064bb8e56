import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Item {
  type: string;
  role?: string;
  content?: unknown;
  output?: string;
  [field: string]: unknown;
}

/** The body of `POST /v1/responses`, as far as a stand-in cares. */
export interface ModelRequest {
  model: string;
  instructions?: string;
  input: Item[];
  tools?: { type: string; name: string; description: string; parameters: unknown; strict: boolean }[];
  store?: boolean;
  include?: string[];
}

/** What to answer: output items, any HTTP answer, or nothing at all. */
export type ModelAnswer =
  | { output: Item[]; usage?: { input_tokens: number; output_tokens: number } }
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | 'hang';

export interface RecordedRequest {
  headers: IncomingMessage['headers'];
  body: ModelRequest;
}

export interface ModelServer {
  /** For `OPENAI_BASE_URL`. */
  url: string;
  /** Every request so far, oldest first. */
  requests: RecordedRequest[];
  /** Answers later requests differently. */
  respondWith(respond: (request: ModelRequest, n: number) => ModelAnswer): void;
  stop(): Promise<void>;
}

/**
 * Stands in for OpenAI's Responses API on a port of this machine. By default it asks to deploy every `name version`
 * that the user's text names, and once it has the outputs it repeats them.
 */
export async function startModelServer({
  port = 0,
  respond = deployThenReport,
}: { port?: number; respond?: (request: ModelRequest, n: number) => ModelAnswer } = {}): Promise<ModelServer> {
  const requests: RecordedRequest[] = [];
  let answer = respond;
  const server = createServer((request, reply) => {
    if (request.method !== 'POST' || request.url !== '/v1/responses') return send(reply, 404, { error: {} });
    return void bodyOf(request).then((body) => {
      requests.push({ headers: request.headers, body });
      answerWith(reply, body, answer(body, requests.length));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    respondWith: (next) => (answer = next),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answerWith(reply: ServerResponse, { model }: ModelRequest, answer: ModelAnswer): void {
  if (answer === 'hang') return;
  if ('status' in answer) return send(reply, answer.status, answer.body ?? {}, answer.headers);
  const { output, usage = { input_tokens: 10, output_tokens: 5 } } = answer;
  send(reply, 200, { id: 'resp_1', object: 'response', status: 'completed', error: null, model, output, usage });
}

function send(reply: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

async function bodyOf(request: IncomingMessage): Promise<ModelRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as ModelRequest;
}

function deployThenReport({ input }: ModelRequest): ModelAnswer {
  const outputs = input.filter(({ type }) => type === 'function_call_output');
  if (outputs.length > 0) return { output: [message(outputs.map(({ output }) => output).join('\n'))] };
  const text = String(input.find(({ role }) => role === 'user')?.content);
  const deployments = [...text.matchAll(/([a-z][\w-]*) (?:version |v)?(\d[\w.-]*\w|\d)/g)];
  if (deployments.length === 0) return { output: [message('What should I deploy?')] };
  const output = deployments.map(([, service_name, version], n) => ({
    type: 'function_call',
    id: `fc_${n}`,
    call_id: `call_${n}`,
    name: 'deploy_to_production',
    arguments: JSON.stringify({ service_name, version }),
    status: 'completed',
  }));
  return { output };
}

const message = (text: string): Item => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
});
