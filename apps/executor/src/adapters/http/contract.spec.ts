import { afterEach } from 'vitest';
import { HttpAdapter } from './http.js';
import { describeAdapter } from '../../../test/adapter.contract.js';
import { token, WorkflowServer } from '../../../test/workflow-server.fixtures.js';

let server: WorkflowServer | undefined;
afterEach(() => server?.stop());

describeAdapter('a request', {
  async open(what) {
    const target = (server = await WorkflowServer.start());
    if (what === 'fails') target.faults.push({ instead: { status: 422, body: { message: 'no disk' } } });
    target.says = [what === 'never' ? { status: 'queued' } : { status: 'done' }];
    const adapter = new HttpAdapter({
      method: 'POST',
      url: () => new URL(`${target.url}/releases`),
      headers: () => ({ authorization: `Bearer ${token}` }),
      poll: {
        url: (_, response) => new URL(`${target.url}/releases/${(response!.body as { id: number }).id}`),
        everyMs: 5,
        status: '/status',
        succeeded: ['done'],
        failed: [],
      },
      timeoutMs: what === 'never' ? 500 : 20_000,
      maxOutput: 1_000,
      allowPrivate: true,
    });
    return { adapter, made: () => target.done.length };
  },
});
