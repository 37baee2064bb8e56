import { startModelServer, type ModelAnswer, type ModelServer } from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agent, call, once, question, text } from '../../test/model.fixtures.js';
import { ModelError } from './model.js';
import { OpenAIModel } from './openai.js';

const sentence = 'I deploy auth-service 2.1.0 to production.';

/** A stream of exactly these events. */
const streamOf = (...events: object[]): ModelAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body: events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''),
});
/** Writes one word, and then for longer than any specification waits. */
const stuck: ModelAnswer = { output: [text(sentence)], chunk_delay: 600_000 };
const delta = (piece: string) => ({ type: 'response.output_text.delta', delta: piece });

describe('a model that streams', () => {
  let server: ModelServer;
  let model: OpenAIModel;
  let written: string[];
  beforeAll(async () => {
    server = await startModelServer();
    model = new OpenAIModel({ apiKey: 'a-secret-key', baseURL: server.url, timeoutMs: 5_000 });
  });
  beforeEach(() => {
    server.requests.length = 0;
    written = [];
  });
  afterAll(() => server.stop());

  const answering = (answer: ModelAnswer, at = server) => at.respondWith(() => answer);
  const ask = (signal = new AbortController().signal, of = model) =>
    of.respond({ agent, conversation: [question], signal, onText: (piece) => written.push(piece) });
  const failure = async (answer: ModelAnswer, of = model): Promise<unknown> => {
    answering(answer);
    return ask(undefined, of).catch((error: unknown) => error);
  };

  it('is asked to, and otherwise asked the same', async () => {
    answering({ output: [text(sentence)] });
    await model.respond({ agent, conversation: [question], signal: new AbortController().signal });
    await ask();
    const [plain, streamed] = server.requests.map(({ body }) => body);
    expect(streamed).toEqual({ ...plain, stream: true });
  });

  it('hands its text on in order, before the answer is there', async () => {
    let answered = false;
    const written: string[] = [];
    const onText = (piece: string) => {
      expect(answered).toBe(false);
      written.push(piece);
    };
    answering({ output: [text(sentence)], usage: { input_tokens: 7, output_tokens: 9 } });
    const response = await model.respond({
      agent,
      conversation: [question],
      signal: new AbortController().signal,
      onText,
    });
    answered = true;
    expect(written.length).toBeGreaterThan(3);
    expect(written.join('')).toBe(sentence);
    expect(response).toEqual({
      items: [text(sentence)],
      usage: { input_tokens: 7, output_tokens: 9 },
      incomplete: null,
    });
  });

  it('answers with its calls and its sealed reasoning as without a stream', async () => {
    const sealed = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
    const items = [sealed, text(sentence), call('call_a'), call('call_b', 'billing', '3.0.0')];
    answering({ output: [...items, { type: 'reasoning', id: 'rs_2', summary: [] }] });
    expect((await ask()).items).toEqual(items);
    expect(written.join('')).toBe(sentence);
  });

  it('keeps a refusal apart from the text', async () => {
    const refusal = {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'refusal', refusal: 'I will not do it.' }],
    };
    answering({ output: [refusal] });
    await ask();
    expect(written.join('')).toBe('');
  });

  it('says why its answer breaks off, when it does', async () => {
    answering({ output: [text('I depl')], incomplete: 'content_filter' });
    expect(await ask()).toMatchObject({ items: [text('I depl')], incomplete: 'content_filter' });
  });

  it.each([
    [429, 1_000],
    [503, 1_000],
    [401, 30_000],
  ])('fails before it begins as without a stream, here with %i', async (status, retryAfterMs) => {
    const answer = { status, headers: once, body: { error: { message: 'no' } } };
    expect(await failure(answer)).toMatchObject({ name: 'ModelError', retryAfterMs });
  });

  it.each([
    ['breaks off', [delta('Hel')]],
    ['is empty', []],
    ['has an error', [delta('Hel'), { type: 'error', code: 'server_error', message: 'Sorry.' }]],
    [
      'fails',
      [delta('Hel'), { type: 'response.failed', response: { status: 'failed', error: { message: 'Sorry.' } } }],
    ],
    ['has no response at its end', [delta('Hel'), { type: 'response.completed' }]],
    ['has a response without output at its end', [{ type: 'response.completed', response: { status: 'completed' } }]],
  ])('may be asked again when its stream %s', async (_, events) => {
    expect(await failure(streamOf(...events))).toMatchObject({ name: 'ModelError', retryAfterMs: 1_000 });
  });

  it.each([[{ status: 'completed', output: [] }], [{ status: 'completed' }]])(
    'answers with what it streamed when its last event has no output: %j',
    async (response) => {
      const done = (item: object) => ({ type: 'response.output_item.done', output_index: 0, item });
      answering(
        streamOf(delta('Hel'), done(text('Hello.')), done(call('call_a')), { type: 'response.completed', response }),
      );
      expect((await ask()).items).toEqual([text('Hello.'), call('call_a')]);
    },
  );

  it('may answer without a stream, as some servers do', async () => {
    answering({ status: 200, body: { status: 'completed', output: [text(sentence), call('call_a')] } });
    expect((await ask()).items).toEqual([text(sentence), call('call_a')]);
    expect(written).toEqual([sentence]);
  });

  it('may be asked again when that is no response', async () => {
    expect(await failure({ status: 200, body: 'null' })).toMatchObject({
      code: 'model_unreadable',
      retryAfterMs: 1_000,
    });
  });

  it('may be asked again when what it streams is no JSON', async () => {
    const answer = { status: 200, headers: { 'content-type': 'text/event-stream' }, body: 'data: {"type": \n\n' };
    expect(await failure(answer)).toMatchObject({ name: 'ModelError', retryAfterMs: 1_000 });
  });

  it.each([
    ['context_length_exceeded', null],
    ['insufficient_quota', 60_000],
  ])('tells the errors in its stream apart, here %s', async (code, retryAfterMs) => {
    expect(await failure(streamOf({ type: 'error', code, message: 'Sorry.' }))).toMatchObject({
      retryAfterMs,
      message: expect.stringContaining('Sorry.'),
    });
  });

  it('may be asked again when its server goes away in the middle', async () => {
    const gone = await startModelServer();
    answering(stuck, gone);
    const asked = ask(undefined, new OpenAIModel({ apiKey: 'a-secret-key', baseURL: gone.url, timeoutMs: 5_000 }));
    const settled = expect(asked).rejects.toMatchObject({ name: 'ModelError', retryAfterMs: 1_000 });
    await expect.poll(() => written).toEqual(['I ']);
    await gone.stop();
    await settled;
  });

  it('may be asked again when it begins in time and does not come to an end', async () => {
    const hasty = new OpenAIModel({ apiKey: 'a-secret-key', baseURL: server.url, timeoutMs: 300 });
    expect(await failure(stuck, hasty)).toMatchObject({
      name: 'ModelError',
      retryAfterMs: 1_000,
      message: expect.stringContaining('timed out'),
    });
    await expect.poll(() => server.open).toBe(0);
  });

  it('hands text on while the rest is still to be written, stops when it is aborted, and its server notices', async () => {
    answering(stuck);
    const abort = new AbortController();
    const settled = expect(ask(abort.signal)).rejects.toThrow(ModelError);
    await expect.poll(() => written).toEqual(['I ']);
    expect(server.open).toBe(1);
    abort.abort();
    await settled;
    await expect.poll(() => server.open).toBe(0);
  });

  it('stops at once when it is aborted before it wrote anything', async () => {
    answering('hang');
    const abort = new AbortController();
    const settled = expect(ask(abort.signal)).rejects.toThrow(ModelError);
    await expect.poll(() => server.open).toBe(1);
    abort.abort();
    await settled;
    await expect.poll(() => server.open).toBe(0);
  });
});
