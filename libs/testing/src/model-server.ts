import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverSentEvent, streamOf, type StreamedResponse } from './model-stream.js';
import { chatRefusalOf } from './provider/chat/chat-rules.js';
import {
  asResponsesRequest,
  chatAnswerOf,
  chunksOf,
  completionOf,
  type ChatRequest,
} from './provider/chat/chat-translation.js';
import type { Refusal } from './provider/refusal.js';
import { refusalOf } from './provider/request-rules.js';

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
  stream?: boolean;
}

/** A response of the model, sent as a stream to who asks for one. */
export interface ModelOutput {
  output: Item[];
  usage?: { input_tokens: number; output_tokens: number };
  /** Milliseconds before it answers. */
  delay?: number;
  /** Milliseconds between the pieces of a stream. */
  chunk_delay?: number;
  /** Why the response breaks off. */
  incomplete?: string;
}

/** What to answer: output items, any HTTP answer, or nothing at all. */
export type ModelAnswer = ModelOutput | { status: number; body?: unknown; headers?: Record<string, string> } | 'hang';

/** @param n counts the requests from 1. What it throws is answered as a status 500. */
export type Respond = (request: ModelRequest, n: number) => ModelAnswer | Promise<ModelAnswer>;

export interface RecordedRequest {
  headers: IncomingMessage['headers'];
  /** The path, with what was asked of it. */
  path: string;
  /** In the terms of the Responses API, whichever protocol it came in. */
  body: ModelRequest;
  /** As it came. */
  sent: object;
  /** Why the provider would not take it. */
  refused?: Refusal;
}

export interface ModelServer {
  /** For `OPENAI_BASE_URL`. */
  url: string;
  /** Every request so far, oldest first. */
  requests: RecordedRequest[];
  /** Those of all requests that the provider would not take, which is a mistake of who sent them. */
  readonly refusals: readonly Refusal[];
  /** Requests under way: neither answered to the end nor aborted by the client. */
  readonly open: number;
  /** Answers later requests differently. */
  respondWith(respond: Respond): void;
  /** @throws when a request was sent that the provider would not take, unless those were expected. */
  stop(): Promise<void>;
}

/**
 * Stands in for OpenAI's Responses API and Chat Completions, also under the paths of Azure, on a port of this machine, and
 * refuses what they refuse. By default it asks to
 * deploy every `name version` that the user's text names, and once it has the outputs it repeats them.
 *
 * @param options.expectsRefusals what it refuses is what is tested, so that stopping it is no error.
 */
export async function startModelServer({
  port = 0,
  respond = deployThenReport,
  expectsRefusals = false,
}: { port?: number; respond?: Respond; expectsRefusals?: boolean } = {}): Promise<ModelServer> {
  const requests: RecordedRequest[] = [];
  const refusals: Refusal[] = [];
  const issued = { callIds: new Set<string>(), reasoningBefore: new Map<string, string>() };
  let answer = respond;
  let open = 0;
  const server = createServer((request, reply) => {
    const protocol = protocolOf(request);
    if (!protocol) return send(reply, 404, { error: {} });
    const gone = new AbortController();
    open += 1;
    reply.once('close', () => {
      open -= 1;
      gone.abort();
    });
    return void bodyOf(request)
      .then(async (sent) => {
        const isChat = protocol === 'chat/completions';
        const refused = isChat ? chatRefusalOf(sent, issued) : refusalOf(sent, issued);
        const body = isChat && !refused ? asResponsesRequest(sent as unknown as ChatRequest) : sent;
        const { headers, url: path = '' } = request;
        requests.push({ headers, path, body, sent, ...(refused && { refused }) });
        if (refused) {
          refusals.push(refused);
          return send(reply, 400, { error: { type: 'invalid_request_error', ...refused } });
        }
        const given = await answer(body, requests.length);
        if (typeof given === 'object' && 'output' in given) keep(given.output, issued);
        return answerWith(reply, isChat ? { chat: sent as unknown as ChatRequest } : body, given, gone.signal);
      })
      .catch((error: unknown) => fail(reply, error));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    refusals,
    get open() {
      return open;
    },
    respondWith: (next) => (answer = next),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      if (refusals.length > 0 && !expectsRefusals)
        throw new Error(`the provider would refuse what was sent: ${JSON.stringify(refusals.slice(0, 3))}`);
    },
  };
}

/** Remembers what the provider knows again. */
function keep(output: readonly Item[], issued: { callIds: Set<string>; reasoningBefore: Map<string, string> }): void {
  for (const [n, { type, id, call_id }] of output.entries()) {
    const before = output[n - 1];
    if (type === 'function_call' && typeof call_id === 'string') issued.callIds.add(call_id);
    if (before?.type === 'reasoning' && type !== 'reasoning' && typeof id === 'string')
      issued.reasoningBefore.set(id, String(before['id']));
  }
}

/** What is asked for: of OpenAI, and of a deployment at Azure. */
function protocolOf({ method, url = '' }: IncomingMessage): string | undefined {
  const [, protocol] =
    /^(?:\/v1|\/openai(?:\/deployments\/[^/]+)?)\/(responses|chat\/completions)(?:\?.*)?$/.exec(url) ?? [];
  return method === 'POST' ? protocol : undefined;
}

async function answerWith(
  reply: ServerResponse,
  request: ModelRequest | { chat: ChatRequest },
  answer: ModelAnswer,
  signal: AbortSignal,
): Promise<void> {
  if (answer === 'hang') return;
  if ('status' in answer) return send(reply, answer.status, answer.body ?? {}, answer.headers);
  if (answer.delay) await sleep(answer.delay, undefined, { signal });
  if ('chat' in request) return answerChat(reply, request.chat, answer, signal);
  const response = responseOf(request, answer);
  if (!request.stream) return send(reply, 200, response);
  const pause = async () => answer.chunk_delay && sleep(answer.chunk_delay, undefined, { signal });
  return sendStream(reply, response, pause);
}

const responseOf = (
  { model }: ModelRequest,
  { output, incomplete, usage = { input_tokens: 10, output_tokens: 5 } }: ModelOutput,
): StreamedResponse => ({
  id: `resp_${randomUUID()}`,
  object: 'response',
  status: incomplete ? 'incomplete' : 'completed',
  incomplete_details: incomplete ? { reason: incomplete } : null,
  error: null,
  model,
  output,
  usage,
});

async function answerChat(
  reply: ServerResponse,
  { model, stream, stream_options }: ChatRequest,
  { output, incomplete, chunk_delay, usage = { input_tokens: 10, output_tokens: 5 } }: ModelOutput,
  signal: AbortSignal,
): Promise<void> {
  const answer = chatAnswerOf(output, incomplete);
  if (!stream) return send(reply, 200, completionOf(model, answer, usage));
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const chunk of chunksOf(model, answer, stream_options?.include_usage ? usage : undefined)) {
    reply.write(`data: ${JSON.stringify(chunk)}\n\n`);
    if (chunk_delay) await sleep(chunk_delay, undefined, { signal });
  }
  reply.end('data: [DONE]\n\n');
}

async function sendStream(
  reply: ServerResponse,
  response: StreamedResponse,
  betweenPieces: () => Promise<unknown>,
): Promise<void> {
  reply.writeHead(200, { 'content-type': 'text/event-stream' });
  let pieces = 0;
  let n = 0;
  for (const event of streamOf(response)) {
    if (event.type.endsWith('.delta') && pieces++ > 0) await betweenPieces();
    reply.write(serverSentEvent(event, n++));
  }
  reply.end();
}

function send(reply: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

function fail(reply: ServerResponse, error: unknown): void {
  if (reply.headersSent || reply.destroyed) reply.destroy();
  else send(reply, 500, { error: { message: String(error) } });
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
