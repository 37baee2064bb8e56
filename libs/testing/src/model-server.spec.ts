import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer, type ModelServer } from './model-server.js';

describe('the stand-in for a model', () => {
  let server: ModelServer;
  beforeAll(async () => (server = await startModelServer()));
  afterAll(() => server.stop());

  async function ask(...input: object[]): Promise<{ output: Record<string, unknown>[] }> {
    const body = JSON.stringify({ model: 'm', input });
    const response = await fetch(`${server.url}/responses`, { method: 'POST', body });
    return (await response.json()) as { output: Record<string, unknown>[] };
  }
  async function stream(): Promise<Record<string, unknown>[]> {
    const body = JSON.stringify({ model: 'm', input: [user], stream: true });
    const response = await fetch(`${server.url}/responses`, { method: 'POST', body });
    const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: '));
    return lines.map((line) => JSON.parse(line.slice('data: '.length)) as Record<string, unknown>);
  }
  const deltas = (events: Record<string, unknown>[], of: string) =>
    events.filter(({ type }) => type === `response.${of}.delta`).map(({ delta }) => delta);

  const answered = { type: 'function_call_output', call_id: 'call_a', output: 'Deployed.' };
  const said = (text: string) => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] });
  const called = { type: 'function_call', call_id: 'call_a', name: 'deploy', arguments: '{"a": "bcdef"}' };
  const user = { type: 'message', role: 'user', content: 'Deploy auth-service version 2.1.0 and billing v3.' };

  it('asks for a deployment of each service that the user names', async () => {
    const { output } = await ask(user);
    expect(output.map(({ arguments: args }) => JSON.parse(String(args)) as unknown)).toEqual([
      { service_name: 'auth-service', version: '2.1.0' },
      { service_name: 'billing', version: '3' },
    ]);
  });

  it('repeats the outputs once it has them', async () => {
    const { output } = await ask(user, called, answered);
    expect(output).toMatchObject([{ type: 'message', content: [{ text: 'Deployed.' }] }]);
  });

  it('records what it was asked', () => {
    expect(server.requests).toMatchObject([{ body: { input: [user] } }, { body: { input: [user, called, {}] } }]);
  });

  it('answers a program that asks for a stream with the events of one', async () => {
    server.respondWith(() => ({ output: [said('It is done.'), called] }));
    const events = await stream();
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(deltas(events, 'output_text')).toEqual(['It ', 'is ', 'done.']);
    expect(deltas(events, 'function_call_arguments').join('')).toBe(called.arguments);
    expect(events.at(-1)).toMatchObject({ response: { status: 'completed', output: [said('It is done.'), called] } });
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
  });

  it('says when a response breaks off', async () => {
    server.respondWith(() => ({ output: [said('It')], incomplete: 'max_output_tokens' }));
    const response = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    expect(await ask(user)).toMatchObject(response);
    expect((await stream()).at(-1)).toMatchObject({ type: 'response.incomplete', response });
  });

  it('answers hundreds of programs at once, each when its answer is ready', async () => {
    const ready = Promise.withResolvers<void>();
    server.respondWith(async () => {
      await ready.promise;
      return { output: [said('It is done.')], delay: 1 };
    });
    const asked = Array.from({ length: 300 }, () => ask(user));
    await expect.poll(() => server.open, { timeout: 10_000 }).toBe(300);
    ready.resolve();
    expect(await Promise.all(asked)).toHaveLength(300);
    await expect.poll(() => server.open).toBe(0);
  });

  it('notices who does not wait for the answer', async () => {
    server.respondWith(() => 'hang');
    const abort = new AbortController();
    const body = JSON.stringify({ model: 'm', input: [user] });
    const asked = fetch(`${server.url}/responses`, { method: 'POST', body, signal: abort.signal });
    const settled = expect(asked).rejects.toThrow('aborted');
    await expect.poll(() => server.open).toBe(1);
    abort.abort();
    await settled;
    await expect.poll(() => server.open).toBe(0);
  });

  it('takes its time before it answers and between the pieces of a stream', async () => {
    server.respondWith(() => ({ output: [said('It is done.')], delay: 1, chunk_delay: 1 }));
    expect(deltas(await stream(), 'output_text')).toEqual(['It ', 'is ', 'done.']);
  });

  it('refuses what the provider refuses, and is not stopped in silence then', async () => {
    const other = await startModelServer();
    const body = JSON.stringify({ model: 'm', input: [user, called] });
    const response = await fetch(`${other.url}/responses`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'invalid_value' } });
    expect(other.requests).toMatchObject([{ refused: { param: 'input' } }]);
    await expect(other.stop()).rejects.toThrow('No tool output found for function call call_a');
  });

  it('answers with status 500 when it cannot say what to answer', async () => {
    server.respondWith(() => Promise.reject(new Error('unexpected')));
    expect(await ask(user)).toEqual({ error: { message: 'Error: unexpected' } });
  });
});
