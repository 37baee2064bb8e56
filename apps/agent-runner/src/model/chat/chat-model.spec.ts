import { startModelServer, type ModelAnswer, type ModelServer } from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agent, call, once, question, text } from '../../../test/model.fixtures.js';
import { ModelError, type ModelRequest } from '../model.js';
import { ChatModel } from './chat-model.js';

/** A stream of exactly these chunks, and `[DONE]` at its end. */
const streamOf = (...chunks: object[]): ModelAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body: [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''),
});
const delta = (change: object, finish_reason: string | null = null) => ({
  choices: [{ delta: change, finish_reason }],
});
const completion = (message: object, finish_reason: string | null = 'stop'): ModelAnswer => ({
  status: 200,
  body: { choices: [{ message, finish_reason }] },
});
const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'done' });

describe('a model behind Chat Completions', () => {
  let server: ModelServer;
  let model: ChatModel;
  let written: string[];
  beforeAll(async () => {
    server = await startModelServer();
  });
  beforeEach(() => {
    model = new ChatModel({ apiKey: 'a-secret-key', baseURL: server.url, timeoutMs: 5_000 });
    server.requests.length = 0;
    written = [];
    answering({ output: [text('Hello.')] });
  });
  afterAll(() => server.stop());

  const answering = (answer: ModelAnswer) => server.respondWith(() => answer);
  const ask = (change: Partial<ModelRequest> = {}) =>
    model.respond({ agent, conversation: [question], signal: new AbortController().signal, ...change });
  const stream = () => ask({ onText: (piece) => written.push(piece) });
  const failureOf = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

  it('is sent what the agent is, what it may call and what was said, each call with its output right behind', async () => {
    const conversation = [
      question,
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' },
      text('I look.'),
      call('call_a'),
      call('call_b'),
      output('call_b'),
      output('call_a'),
      call('call_c'),
      output('call_c'),
      { type: 'message', role: 'developer', content: 'Go on.' },
      { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      question,
    ];
    await ask({ conversation });
    const made = { name: 'deploy_to_production', arguments: call('call_a')['arguments'] };
    const called = (id: string) => ({ id, type: 'function', function: made });
    const answered = (tool_call_id: string) => ({ role: 'tool', tool_call_id, content: 'done' });
    expect(server.requests[0]!.sent).toEqual({
      model: 'gpt-5-mini',
      messages: [
        { role: 'system', content: agent.instructions },
        { role: 'user', content: 'Deploy it.' },
        { role: 'assistant', content: 'I look.', tool_calls: [called('call_a'), called('call_b')] },
        answered('call_a'),
        answered('call_b'),
        { role: 'assistant', content: null, tool_calls: [called('call_c')] },
        answered('call_c'),
        { role: 'system', content: 'Go on.' },
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'user', content: 'Deploy it.' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'deploy_to_production',
            description: 'Deploys one version of one service to production.',
            parameters: agent.tools[0]!.parameters,
          },
        },
      ],
    });
  });

  it('is offered no list of tools where there are none', async () => {
    await ask({ agent: { ...agent, tools: [] } });
    expect(server.requests[0]!.sent).not.toHaveProperty('tools');
  });

  const items = [text('I deploy it.'), call('call_a'), call('call_b', 'billing')];
  const answer = {
    items: [
      { ...text('I deploy it.'), content: [expect.objectContaining({ text: 'I deploy it.' })] },
      ...items.slice(1),
    ],
  };
  it('answers with what it says, calls and costs, at once and streamed', async () => {
    answering({ output: items, usage: { input_tokens: 7, output_tokens: 9 } });
    const whole = { ...answer, usage: { input_tokens: 7, output_tokens: 9 }, incomplete: null };
    expect(await ask()).toEqual(whole);
    expect(await stream()).toEqual(whole);
    expect(written.join('')).toBe('I deploy it.');
    expect(written.length).toBeGreaterThan(1);
  });

  it.each([
    ['max_output_tokens', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('says why its answer breaks off: %s', async (incomplete, reason) => {
    answering({ output: [text('I depl')], incomplete });
    for (const asked of [ask(), stream()]) expect(await asked).toMatchObject({ incomplete: reason });
  });

  it('says that it refuses', async () => {
    answering({
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I will not.' }] }],
    });
    for (const asked of [ask(), stream()])
      expect((await asked).items).toEqual([
        { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I will not.' }] },
      ]);
  });

  it.each<[string, ModelAnswer, object[]]>([
    ['null and no calls', completion({ content: null }), []],
    ['parts', completion({ content: [{ type: 'text', text: 'Hel' }, { text: 'lo.' }, null] }), [{ type: 'message' }]],
    [
      'the call of before',
      completion({ function_call: { name: 'f', arguments: '{}' } }),
      [{ type: 'function_call', name: 'f' }],
    ],
    [
      'what is no function',
      completion({ tool_calls: [{ id: 'c', type: 'custom', custom: {} }] }),
      [{ type: 'custom_tool_call' }],
    ],
    ['what is no call', completion({ tool_calls: [null] }), [{ type: 'unreadable_tool_call' }]],
    ['no reason for its end', completion({ content: 'Hello.' }, null), [{ type: 'message' }]],
  ])('may say %s', async (_, given, expected) => {
    answering(given);
    for (const asked of [ask(), stream()]) {
      const { items, incomplete } = await asked;
      expect(items).toMatchObject(expected);
      expect(incomplete).toBeNull();
    }
  });

  const piece = (id: string | undefined, args: unknown, index?: number) => ({
    tool_calls: [
      {
        ...(index !== undefined && { index }),
        ...(id !== undefined && { id }),
        function: { ...(id && { name: 'f' }), arguments: args },
      },
    ],
  });
  it.each<[string, object[]]>([
    [
      'in its place',
      [piece('a', '{"n"', 0), piece('b', '', 1), piece(undefined, ':1}', 0), piece(undefined, '{"n":2}', 1)],
    ],
    ['without a place', [piece('a', '{"n"'), piece(undefined, ':1}'), piece('b', '{"n":2}')]],
    ['all in one place', [piece('a', '{"n":1}', 0), piece('b', '{"n":2}', 0)]],
    ['read already', [piece('a', { n: 1 }, 0), piece('b', { n: 2 }, 1)]],
    [
      'with its id each time',
      [
        piece('a', '{"n"', 0),
        { tool_calls: [{ index: 0, id: 'a', function: { arguments: ':1}' } }] },
        piece('b', '{"n":2}', 1),
      ],
    ],
  ])('streams calls in pieces, each %s', async (_, deltas) => {
    answering(streamOf(...deltas.map((each) => delta(each)), delta({}, 'tool_calls')));
    expect((await stream()).items).toEqual([
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"n":1}' },
      { type: 'function_call', call_id: 'b', name: 'f', arguments: '{"n":2}' },
    ]);
  });

  it('may be asked again when a stream breaks off, or says that it failed', async () => {
    answering(streamOf(delta({ content: 'Hel' })));
    expect(await failureOf(stream())).toMatchObject({ code: 'model_unavailable', retryAfterMs: 1_000 });
    answering(streamOf({ error: { message: 'overloaded', code: 'rate_limit_exceeded' } }));
    expect(await failureOf(stream())).toMatchObject({ code: 'model_rate_limited', retryAfterMs: 1_000 });
  });

  it('is given up when a stream takes too long', async () => {
    model = new ChatModel({ apiKey: 'key', baseURL: server.url, timeoutMs: 50 });
    answering({ output: [text('One two three.')], chunk_delay: 600_000 });
    expect(await failureOf(stream())).toMatchObject({ code: 'model_timed_out' });
  });

  it('hands each call back under its id, and under a short one where its server refuses that, from then on', async () => {
    const long = 'x'.repeat(1_200);
    const conversation = [question, { ...call('call_own'), provider_call_id: long }, output('call_own')];
    answering({ output: [{ ...call(long) }] });
    await ask();
    answering({ output: [text('Hello.')] });
    await ask({ conversation });
    expect(JSON.stringify(server.requests[1]!.sent)).toContain(long);

    const strict = await startModelServer({ expectsRefusals: true });
    model = new ChatModel({ apiKey: 'a-secret-key', baseURL: strict.url, timeoutMs: 5_000 });
    strict.respondWith(() => ({ output: [text('Hello.')] }));
    await ask({ conversation });
    await ask({ conversation });
    expect(strict.requests.map(({ refused }) => refused?.code)).toEqual([
      'string_above_max_length',
      undefined,
      undefined,
    ]);
    await strict.stop();
  });

  it('is not asked what a stream cost where its server does not know that', async () => {
    const asks = ({ sent }: { sent: object }) => 'stream_options' in sent;
    const refused = { status: 400, body: { error: { message: 'unexpected field' } } };
    server.respondWith(() => (asks(server.requests.at(-1)!) ? refused : { output: [text('Hello.')] }));
    await stream();
    await stream();
    expect(server.requests.map(asks)).toEqual([true, false, false]);
  });

  it.each([
    [401, 'model_unauthorized'],
    [404, 'model_not_found'],
    [429, 'model_rate_limited'],
    [500, 'model_unavailable'],
  ])('says what %i means', async (status, code) => {
    answering({ status, headers: once, body: { error: { message: 'a-secret-key is wrong' } } });
    const error = (await failureOf(ask())) as ModelError;
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code, message: expect.stringContaining('[key] is wrong') });
    expect(server.requests).toHaveLength(1);
  });

  it.each([{ choices: [] }, {}, null, { choices: [{}] }, '<html>'])(
    'is not understood when it answers %j',
    async (body) => {
      answering({ status: 200, body: body === null ? 'null' : body });
      expect(await failureOf(ask())).toMatchObject({ code: 'model_unreadable', retryAfterMs: 1_000 });
    },
  );

  it('is asked of a deployment at Azure, with the key and the version of the API', async () => {
    const baseURL = new URL('/', server.url).href;
    model = new ChatModel({ apiKey: 'a-secret-key', baseURL, azureApiVersion: '2025-04-01-preview', timeoutMs: 5_000 });
    expect((await ask()).items).toHaveLength(1);
    const { path, headers } = server.requests[0]!;
    expect(path).toBe('/openai/deployments/gpt-5-mini/chat/completions?api-version=2025-04-01-preview');
    expect(headers['api-key']).toBe('a-secret-key');
  });
});
