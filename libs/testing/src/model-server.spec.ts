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
  const user = { type: 'message', role: 'user', content: 'Deploy auth-service version 2.1.0 and billing v3.' };

  it('asks for a deployment of each service that the user names', async () => {
    const { output } = await ask(user);
    expect(output.map(({ arguments: args }) => JSON.parse(String(args)) as unknown)).toEqual([
      { service_name: 'auth-service', version: '2.1.0' },
      { service_name: 'billing', version: '3' },
    ]);
  });

  it('repeats the outputs once it has them', async () => {
    const { output } = await ask(user, { type: 'function_call_output', call_id: 'call_0', output: 'Deployed.' });
    expect(output).toMatchObject([{ type: 'message', content: [{ text: 'Deployed.' }] }]);
  });

  it('records what it was asked', () => {
    expect(server.requests).toMatchObject([{ body: { input: [user] } }, { body: { input: [user, {}] } }]);
  });
});
