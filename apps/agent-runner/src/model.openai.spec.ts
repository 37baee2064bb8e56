import { startModelServer, type ModelAnswer, type ModelServer } from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModelError } from './model.js';
import { OpenAIModel } from './model.openai.js';
import { agent, call, text } from './run.given.js';

/** Tells OpenAI's client not to try again by itself, so that a specification need not wait for it. */
const once = { 'x-should-retry': 'false' };
const question = { type: 'message', role: 'user', content: 'Deploy it.' };

describe("a model behind OpenAI's Responses API", () => {
  let server: ModelServer;
  let model: OpenAIModel;
  beforeAll(async () => {
    server = await startModelServer();
    model = new OpenAIModel({ apiKey: 'a key', baseURL: server.url, timeout: 5_000 });
  });
  beforeEach(() => {
    server.requests.length = 0;
    answering({ output: [text('Hello.')] });
  });
  afterAll(() => server.stop());

  const answering = (answer: ModelAnswer) => server.respondWith(() => answer);
  const ask = (signal = new AbortController().signal, of = model) => of.respond(agent, [question], signal);
  const failure = async (answer: ModelAnswer, of = model): Promise<unknown> => {
    answering(answer);
    return ask(undefined, of).catch((error: unknown) => error);
  };

  it('is told what the agent is, what it may call and what was said, and to store nothing', async () => {
    const conversation = [
      question,
      call('call_a'),
      { type: 'function_call_output', call_id: 'call_a', output: 'done' },
    ];
    await model.respond(agent, conversation, new AbortController().signal);
    expect(server.requests).toHaveLength(1);
    const { headers, body } = server.requests[0]!;
    expect(headers.authorization).toBe('Bearer a key');
    expect(body).toMatchObject({
      model: 'gpt-5-mini',
      instructions: agent.instructions,
      input: conversation,
      store: false,
      include: ['reasoning.encrypted_content'],
    });
    expect(body.tools).toEqual([
      {
        type: 'function',
        name: 'deploy_to_production',
        description: 'Deploys one version of one service to production.',
        strict: false,
        parameters: expect.objectContaining({
          type: 'object',
          required: ['service_name', 'version'],
          additionalProperties: false,
        }),
      },
    ]);
  });

  it('is asked for sealed reasoning only when it is one that reasons', async () => {
    await model.respond({ ...agent, model: 'gpt-4.1' }, [question], new AbortController().signal);
    expect(server.requests[0]!.body).not.toHaveProperty('include');
  });

  it('answers with its items as they are, and with what they cost', async () => {
    const items = [text('I deploy it.'), call('call_a')];
    answering({ output: items, usage: { input_tokens: 7, output_tokens: 9 } });
    expect(await ask()).toEqual({ items, usage: { input_tokens: 7, output_tokens: 9 } });
  });

  it('keeps reasoning that it can be sent back, and no other', async () => {
    const sealed = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
    answering({ output: [{ type: 'reasoning', id: 'rs_2', summary: [] }, sealed, text('Hello.')] });
    expect((await ask()).items).toEqual([sealed, text('Hello.')]);
  });

  it.each([408, 409, 429, 500, 503])('may be asked again later after %i', async (status) => {
    const error = await failure({ status, headers: once, body: { error: { message: 'not now' } } });
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ retryAfter: 5_000, message: expect.stringContaining('not now') });
  });

  it('is left alone for as long as it asks to be', async () => {
    const error = await failure({ status: 429, headers: { ...once, 'retry-after': '42' } });
    expect(error).toMatchObject({ name: 'ModelError', retryAfter: 42_000 });
  });

  it.each([400, 401, 403, 404, 422])('is not asked again after %i, which stays as it is', async (status) => {
    const error = await failure({ status, headers: once, body: { error: { message: 'wrong' } } });
    expect(error).toMatchObject({ name: 'ModelError', retryAfter: null, message: expect.stringContaining('wrong') });
    expect(server.requests).toHaveLength(1);
  });

  it('may be asked again when it does not answer in time', async () => {
    const hasty = new OpenAIModel({ apiKey: 'a key', baseURL: server.url, timeout: 20 });
    expect(await failure('hang', hasty)).toMatchObject({ name: 'ModelError', retryAfter: 5_000 });
  });

  it('may be asked again when nobody listens there', async () => {
    const gone = await startModelServer();
    await gone.stop();
    const nobody = new OpenAIModel({ apiKey: 'a key', baseURL: gone.url, timeout: 5_000 });
    expect(await failure({ output: [] }, nobody)).toMatchObject({ name: 'ModelError', retryAfter: 5_000 });
  });

  it('may be asked again when it says that it failed', async () => {
    const body = { status: 'failed', error: { message: 'server_error' }, output: [] };
    expect(await failure({ status: 200, body })).toMatchObject({
      retryAfter: 5_000,
      message: 'the model failed: server_error',
    });
  });

  it.each([
    ['text that breaks off', { status: 200, body: '{"output": [' }],
    ['a page', { status: 200, body: '<html>Maintenance</html>', headers: { 'content-type': 'text/html' } }],
    ['an answer without output', { status: 200, body: { status: 'completed' } }],
    ['nothing', { status: 200, body: 'null' }],
  ])('may be asked again when what stands before it answers with %s', async (_, answer) => {
    expect(await failure(answer)).toMatchObject({ name: 'ModelError', retryAfter: 5_000 });
  });

  it('stops answering at once when it is told to', async () => {
    answering('hang');
    const abort = new AbortController();
    const asked = ask(abort.signal);
    const settled = expect(asked).rejects.toThrow(ModelError);
    await expect.poll(() => server.requests.length).toBe(1);
    abort.abort();
    await settled;
  });

  it('says where it is', () => {
    expect(model.description).toBe(`OpenAI Responses API at ${new URL(server.url).host}`);
  });
});
