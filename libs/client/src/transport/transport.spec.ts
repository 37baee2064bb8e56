import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { absent, json, refused, ScriptedServer, type Answer } from '../../test/server.fixtures.js';
import { CountersignClient } from '../client.js';
import { shapes } from '../shapes.js';
import { ApiError } from './api-error.js';
import { addressesOf, pathOf, withQuery } from './address.js';

let server: ScriptedServer;
afterEach(() => server?.close());
const serving = async (...answers: Answer[]) => (server = await ScriptedServer.open(...answers)).client();
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as ApiError,
  );

async function everything<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of all) found.push(each);
  return found;
}

describe('an error', () => {
  it('is what the problem says', async () => {
    const errors = [{ path: 'note', message: 'is needed' }];
    const hint = { action: 'show_approval', id: 'a-1' };
    const problem = { type: 'urn:x:late', code: 'late', hint, errors };
    const client = await serving(refused(409, problem, { 'retry-after': '3' }));
    const error = await errorOf(client.approvals.get('a-1'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, ...problem, detail: 'No.', message: 'No.', retryAfter: 3 });
    expect(error!.isTemporary).toBe(false);
  });

  it('has a code where the server gives none, and says so where it gives nothing', async () => {
    const client = await serving(refused(404), (reply) => reply.writeHead(502).end('<html>'));
    expect(await errorOf(client.approvals.get('x'))).toMatchObject({
      code: 'http_404',
      type: 'about:blank',
      errors: [],
    });
    const error = await errorOf(client.approvals.get('x'));
    expect(error).toMatchObject({ status: 502, code: 'unexplained', isTemporary: true });
    expect(error!.detail).toContain('502');
  });

  it.each([408, 429, 503])('with the status %i may pass', async (status) => {
    const client = await serving(refused(status));
    expect(await errorOf(client.approvals.get('x'))).toMatchObject({ status, isTemporary: true });
  });

  it('tells apart that nobody is there, that nobody answers, and that something else does', async () => {
    const client = await serving(
      absent,
      () => {},
      (reply) => reply.writeHead(200).end('<html>'),
    );
    expect(await errorOf(client.auth.me())).toMatchObject({ status: 0, code: 'unreachable' });
    expect(await errorOf(server.client({ timeout_ms: 50 }).auth.me())).toMatchObject({ status: 0, code: 'timeout' });
    expect(await errorOf(client.auth.me())).toMatchObject({ code: 'unexpected_answer', isTemporary: false });
  });

  it('counts the time that the rest of an answer takes', async () => {
    await serving((reply) => void reply.writeHead(200).write('{"subject":'));
    expect(await errorOf(server.client({ timeout_ms: 100 }).auth.me())).toMatchObject({ code: 'timeout' });
  });

  it('is none when whoever asked has aborted it', async () => {
    const client = await serving(() => {});
    const abort = new AbortController();
    const asked = errorOf(client.auth.me(abort.signal));
    abort.abort();
    expect(await asked).toBe(abort.signal.reason);
  });

  it('is what does not fit the schema, where there are schemas', async () => {
    const client = await serving(json({ count: 'many' }));
    expect(await client.approvals.countPending()).toBe('many');
    const checked = server.client({ shapes });
    expect(await errorOf(checked.approvals.countPending())).toMatchObject({ code: 'unexpected_answer' });
  });
});

describe('a request', () => {
  it('says who asks, with whatever is the key by now', async () => {
    let key: string | undefined = 'one';
    await serving(json([]));
    const client = server.client({ key: () => key });
    await client.agents.list();
    key = undefined;
    await client.agents.list();
    expect(server.headers('authorization')).toEqual(['Bearer one', undefined]);
  });

  it('has the CSRF token of a session when it changes something', async () => {
    await serving(json({}));
    const client = server.client({ key: undefined, csrfToken: () => 'c' });
    await client.approvals.get('a');
    await client.approvals.comment('a', 'hm');
    expect(server.headers('x-csrf-token')).toEqual([undefined, 'c']);
  });

  it('is JSON or a form', async () => {
    const bodies: Promise<string>[] = [];
    const client = await serving((reply, request) => {
      bodies.push(text(request));
      json({})(reply, request);
    });
    await client.runs.start('ops', { input: 'x', user_id: undefined }, { idempotencyKey: 'i' });
    await client.runs.startByForm('ops', new URLSearchParams({ message: 'x' }));
    expect(await Promise.all(bodies)).toEqual(['{"input":"x"}', 'message=x']);
    expect(server.headers('content-type')[0]).toBe('application/json');
    expect(server.headers('content-type')[1]).toMatch(/^application\/x-www-form-urlencoded/);
    expect(server.headers('idempotency-key')).toEqual(['i', undefined]);
  });

  it('reads lists to their end, by cursor or by page', async () => {
    const page = (data: object[], meta: object): Answer => json({ data, meta: { page: 1, total_pages: 2, ...meta } });
    const client = await serving(
      page([{ id: 1 }], { next_cursor: '5.1' }),
      page([{ id: 2 }], { next_cursor: null }),
      page([{ run_id: 3 }], {}),
      page([{ run_id: 4 }], { page: 2 }),
    );
    expect(await everything(client.approvals.all({ status: 'pending' }))).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await everything(client.runs.all())).toEqual([{ run_id: 3 }, { run_id: 4 }]);
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/approvals?status=pending&page=1',
      '/approvals?status=pending&cursor=5.1',
      '/runs?page=1',
      '/runs?page=2',
    ]);
  });
});

describe('addresses', () => {
  it('may be those of three services', () => {
    const addressOf = addressesOf({ runs: 'http://r/', approvals: 'http://a', executions: 'http://e' });
    const at = ['/agents/x/runs', '/runs?page=1', '/sessions', '/executions/switches', '/approvals', '/auth/me'];
    expect(at.map((path) => addressOf(path)[7])).toEqual(['r', 'r', 'r', 'e', 'a', 'a']);
  });

  it('hold any characters', () => {
    expect(pathOf`/runs/${'a/../b?c'}`).toBe('/runs/a%2F..%2Fb%3Fc');
    expect(withQuery('/x', { a: 'b&c', none: undefined, empty: '', list: ['p', 'q'], n: 0 })).toBe(
      '/x?a=b%26c&list=p%2Cq&n=0',
    );
  });

  it('are those of the page where none is given', async () => {
    const asked: unknown[] = [];
    const fetch = (url: unknown) => Promise.resolve((asked.push(url), Response.json([])));
    await new CountersignClient({ fetch }).agents.list();
    expect(asked).toEqual(['/agents']);
  });
});
