import { startModelServer, type ModelAnswer, type ModelServer } from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModelError } from './model.js';
import { agent, call, once, question, text } from '../../test/model.fixtures.js';
import { OpenAIModel } from './openai.js';

describe("a model behind OpenAI's Responses API", () => {
  let server: ModelServer;
  let model: OpenAIModel;
  beforeAll(async () => {
    server = await startModelServer();
    model = new OpenAIModel({ apiKey: 'a-secret-key', baseURL: server.url, timeoutMs: 5_000 });
  });
  beforeEach(() => {
    server.requests.length = 0;
    answering({ output: [text('Hello.')] });
  });
  afterAll(() => server.stop());

  const answering = (answer: ModelAnswer) => server.respondWith(() => answer);
  const outputOf = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'done' });
  const ask = (signal = new AbortController().signal, of = model) =>
    of.respond({ agent, conversation: [question], signal });
  const failure = async (answer: ModelAnswer, of = model): Promise<unknown> => {
    answering(answer);
    return ask(undefined, of).catch((error: unknown) => error);
  };

  it('is sent what the agent is, what it may call and what was said, and to store nothing', async () => {
    const conversation = [
      question,
      call('call_a'),
      { type: 'function_call_output', call_id: 'call_a', output: 'done' },
    ];
    await model.respond({ agent, conversation, signal: new AbortController().signal });
    expect(server.requests).toHaveLength(1);
    const { headers, body } = server.requests[0]!;
    expect(headers.authorization).toBe('Bearer a-secret-key');
    expect(body).toMatchObject({
      model: 'gpt-5-mini',
      instructions: agent.instructions,
      input: conversation,
      store: false,
      include: ['reasoning.encrypted_content'],
    });
    expect(body).not.toHaveProperty('stream');
    expect(body.tools).toEqual([
      {
        type: 'function',
        name: 'deploy_to_production',
        description: 'Deploys one version of one service to production.',
        strict: false,
        parameters: agent.tools[0]!.parameters,
      },
    ]);
  });

  it('is not shown arguments that a person fills in', async () => {
    const tools = [{ ...agent.tools[0]!, requires: 'user_input' as const, user_input: ['version'] }];
    const signal = new AbortController().signal;
    await model.respond({ agent: { ...agent, tools }, conversation: [question], signal });
    expect(server.requests[0]!.body.tools).toMatchObject([{ parameters: { required: ['service_name'] } }]);
    expect(JSON.stringify(server.requests[0]!.body.tools)).not.toContain('"version"');
  });

  it('is asked for sealed reasoning only when it is one that reasons', async () => {
    const signal = new AbortController().signal;
    const respond = (change: object) =>
      model.respond({ agent: { ...agent, ...change }, conversation: [question], signal });
    await respond({ model: 'gpt-4.1' });
    await respond({ reasoning: false });
    await respond({ model: 'ours', reasoning: true });
    await respond({ model: 'openai/gpt-5-mini' });
    await respond({ model: 'gpt-5-chat-latest' });
    answering({ output: [{ type: 'reasoning', id: 'rs_1', summary: [] }, text('Hello.')] });
    await respond({ model: 'deployment-7' });
    await respond({ model: 'deployment-7' });
    const asked = server.requests.map(({ body }) => body.include !== undefined);
    expect(asked).toEqual([false, false, true, true, false, false, true]);
  });

  it('answers with its items as they are, and with what they cost', async () => {
    const items = [text('I deploy it.'), call('call_a')];
    answering({ output: items, usage: { input_tokens: 7, output_tokens: 9 } });
    expect(await ask()).toEqual({ items, usage: { input_tokens: 7, output_tokens: 9 }, incomplete: null });
  });

  it('says why its answer breaks off, when it does', async () => {
    answering({ output: [text('I depl')], incomplete: 'max_output_tokens' });
    expect(await ask()).toMatchObject({ items: [text('I depl')], incomplete: 'max_output_tokens' });
  });

  it('keeps reasoning that it can be sent back, and no other', async () => {
    const sealed = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
    answering({ output: [{ type: 'reasoning', id: 'rs_2', summary: [] }, sealed, text('Hello.')] });
    expect((await ask()).items).toEqual([sealed, text('Hello.')]);
  });

  it.each([408, 409, 429, 500, 503])('may be asked again later after %i', async (status) => {
    const error = await failure({ status, headers: once, body: { error: { message: 'not now' } } });
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ retryAfterMs: 1_000, message: expect.stringContaining('not now') });
  });

  it.each([
    [{ 'retry-after': '42' }, 42_000],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': new Date(Date.now() + 86_400_000).toUTCString() }, 3_600_000],
  ])('is left alone for as long as it asks to be, an hour at most: %o', async (headers, retryAfterMs) => {
    const error = await failure({ status: 429, headers: { ...once, ...headers } });
    expect(error).toMatchObject({ name: 'ModelError', retryAfterMs });
  });

  it('is left alone for a minute when the quota is used up', async () => {
    const body = { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } };
    expect(await failure({ status: 429, headers: once, body })).toMatchObject({
      retryAfterMs: 60_000,
      message: expect.stringContaining('You exceeded your current quota'),
    });
  });

  it.each([
    [400, 'model_request_refused'],
    [413, 'model_input_too_large'],
    [422, 'model_request_refused'],
  ])('is not asked again by itself after %i, which stays as it is', async (status, code) => {
    const error = await failure({ status, headers: once, body: { error: { message: 'wrong', param: 'tools[0]' } } });
    expect(error).toMatchObject({ retryAfterMs: null, code, message: expect.stringContaining('wrong') });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [401, 'model_unauthorized'],
    [402, 'model_quota_exceeded'],
    [403, 'model_forbidden'],
    [404, 'model_not_found'],
  ])('may be asked again after %i, once somebody has mended it', async (status, code) => {
    const error = (await failure({ status, headers: once, body: { error: { message: 'wrong' } } })) as ModelError;
    expect([error.code, error.retryAfterMs! >= 30_000]).toEqual([code, true]);
    expect(server.requests).toHaveLength(1);
  });

  it.each([408, 500, 503])('is asked once after %i: when to ask again is the run’s to say', async (status) => {
    await failure({ status, body: { error: { message: 'not now' } } });
    expect(server.requests).toHaveLength(1);
  });

  const sealed = (id: string) => ({ type: 'reasoning', id, summary: [], encrypted_content: `sealed ${id}` });

  it('is asked once more without reasoning that it cannot open, and not with that again', async () => {
    const conversation = [question, sealed('rs_1'), call('call_a'), outputOf('call_a')];
    const foreign = {
      status: 400,
      body: { error: { code: 'invalid_encrypted_content', message: 'cannot be verified' } },
    };
    const hasReasoning = ({ body }: { body: { input: { type: string }[] } }) =>
      body.input.some(({ type }) => type === 'reasoning');
    server.respondWith((body) => (hasReasoning({ body }) ? foreign : { output: [text('Hello.')] }));
    const respond = () => model.respond({ agent, conversation, signal: new AbortController().signal });
    expect((await respond()).items).toEqual([text('Hello.')]);
    expect(server.requests.map(hasReasoning)).toEqual([true, false]);
    await respond();
    expect(server.requests.map(hasReasoning)).toEqual([true, false, false]);
  });

  it('is asked in the plainest form when its server knows no other, from then on', async () => {
    const plain = new OpenAIModel({ apiKey: 'a-secret-key', baseURL: server.url, timeoutMs: 5_000 });
    const knowsLittle = (body: { input: { role?: string }[]; include?: unknown }) =>
      body.include === undefined && body.input.every(({ role }) => role !== 'developer');
    const refused = { status: 400, body: { error: { message: 'unexpected role or field' } } };
    server.respondWith((body) => (knowsLittle(body) ? { output: [text('Hello.')] } : refused));
    const conversation = [question, { type: 'message', role: 'developer', content: 'Go on.' }];
    const respond = () => plain.respond({ agent, conversation, signal: new AbortController().signal });
    await respond();
    await respond();
    expect(server.requests.map(({ body }) => knowsLittle(body))).toEqual([false, true, true]);
    expect(server.requests.at(-1)!.body.input[1]).toMatchObject({ role: 'system', content: 'Go on.' });
  });

  it('keeps the first reason when it refuses each form', async () => {
    answering({ status: 400, body: { error: { message: 'the real reason' } } });
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'model_request_refused', message: expect.stringContaining('the real reason') });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [401, 'invalid_api_key', 'check OPENAI_API_KEY'],
    [404, 'model_not_found', 'check whether "gpt-5-mini" is the id of a model there'],
    [400, 'context_length_exceeded', 'the conversation is too long for gpt-5-mini'],
  ])('says after %i %s what to do: %s', async (status, code, advice) => {
    const error = await failure({ status, body: { error: { code, message: 'wrong' } } });
    expect(error).toMatchObject({ message: expect.stringContaining(advice) });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['a-secret-key', 'sk-proj-****************wxyz'])('never tells the key, here %s', async (key) => {
    const body = { error: { message: `Incorrect API key provided: ${key}. Find yours elsewhere.` } };
    expect(await failure({ status: 401, body })).toMatchObject({
      message:
        'the model could not be called: 401 Incorrect API key provided: [key]. Find yours elsewhere. (check OPENAI_API_KEY)',
    });
  });

  it('does not fill the record with a page', async () => {
    const error = (await failure({ status: 404, body: `<html>${'<br>'.repeat(9_000)}</html>` })) as ModelError;
    expect(error.message.length).toBeLessThan(1_200);
    expect(error.message).toContain('check whether');
  });

  it('may be asked again when it does not answer in time', async () => {
    const hasty = new OpenAIModel({ apiKey: 'a key', baseURL: server.url, timeoutMs: 20 });
    expect(await failure('hang', hasty)).toMatchObject({ code: 'model_timed_out', retryAfterMs: 1_000 });
    expect(server.requests).toHaveLength(1);
  });

  it('may be asked again when nobody listens there', async () => {
    const gone = await startModelServer();
    await gone.stop();
    const nobody = new OpenAIModel({ apiKey: 'a key', baseURL: gone.url, timeoutMs: 5_000 });
    expect(await failure({ output: [] }, nobody)).toMatchObject({ name: 'ModelError', retryAfterMs: 1_000 });
  });

  it('may be asked again when it says that it failed', async () => {
    const body = { status: 'failed', error: { message: 'server_error' }, output: [] };
    expect(await failure({ status: 200, body })).toMatchObject({
      retryAfterMs: 1_000,
      message: 'the model failed: server_error',
    });
  });

  it('is not asked again when it failed because it cannot take the conversation', async () => {
    const error = { code: 'context_length_exceeded', message: 'Too many tokens.' };
    expect(await failure({ status: 200, body: { status: 'failed', error, output: [] } })).toMatchObject({
      retryAfterMs: null,
      message: 'the conversation is too long for gpt-5-mini: Too many tokens.',
    });
  });

  it.each([
    ['text that breaks off', { status: 200, body: '{"output": [' }],
    ['a page', { status: 200, body: '<html>Maintenance</html>', headers: { 'content-type': 'text/html' } }],
    ['an answer without output', { status: 200, body: { status: 'completed' } }],
    ['nothing', { status: 200, body: 'null' }],
  ])('may be asked again when what stands before it answers with %s', async (_, answer) => {
    expect(await failure(answer)).toMatchObject({ name: 'ModelError', retryAfterMs: 1_000 });
  });

  it('stops answering at once when it is aborted', async () => {
    answering('hang');
    const abort = new AbortController();
    const asked = ask(abort.signal);
    const settled = expect(asked).rejects.toThrow(ModelError);
    await expect.poll(() => server.requests.length).toBe(1);
    abort.abort();
    await settled;
    await expect.poll(() => server.open).toBe(0);
  });

  it('says where it is', () => {
    expect(model.description).toBe(`OpenAI Responses API at ${new URL(server.url).host}`);
  });
});
