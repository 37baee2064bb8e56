import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApprovedCall, Outcome } from '../adapter.js';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';
import { HttpAdapter, type HttpOptions } from './http.js';
import type { Question } from './question.js';
import { compileHeaders } from '../../templates/headers.js';
import { compileJson } from '../../templates/json.js';
import { compileUrl } from '../../templates/url.js';
import { token, WorkflowServer, type Fault } from '../../../test/workflow-server.fixtures.js';

const soon = { timeout: 10_000, interval: 5 };

describe('a request that makes a call', () => {
  let server: WorkflowServer;
  let watch: Follower;
  beforeEach(async () => {
    server = await WorkflowServer.start();
    watch = new Follower({ TOKEN: token });
  });
  afterEach(() => server.stop());

  const scope = () => ({ env: { API: server.url, TOKEN: token } });
  const url = (text: string) => compileUrl(text, scope());
  const question = (path: string, change: Partial<Question> = {}): Question => ({
    url: url(`{{env.API}}${path}`),
    everyMs: 5,
    status: '/conclusion',
    succeeded: ['success'],
    failed: ['failure', 'cancelled'],
    percent: '/percent',
    result: '/html_url',
    ...change,
  });
  const adapter = (options: Partial<HttpOptions> = {}) =>
    new HttpAdapter({
      method: 'POST',
      url: url('{{env.API}}/releases'),
      headers: compileHeaders({ authorization: 'Bearer {{env.TOKEN}}' }, scope()),
      body: compileJson({ service: '{{arguments.service}}' }, scope()),
      done: [202],
      timeoutMs: 5_000,
      maxOutput: 10_000,
      allowPrivate: true,
      ...options,
    });
  const execute = (options: Partial<HttpOptions> = {}, call: Partial<ApprovedCall> = {}): Promise<Outcome> =>
    adapter(options).execute(callWith({ service: 'auth' }, call), watch);
  const polling = (change: Partial<Question> = {}) => ({ poll: question('/releases/{{response./id}}', change) });

  it('carries what the file says, the execution as its Idempotency-Key, and the attempt', async () => {
    expect(await execute({}, { attempt: 3 })).toEqual({ outcome: 'succeeded', result: '{"id":1000}' });
    expect(server.done).toMatchObject([
      {
        path: '/releases',
        body: { service: 'auth' },
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': 'execution-1',
          'countersign-attempt': '3',
        },
      },
    ]);
  });

  it('keeps the answer with the execution, and gives the part that is asked for as the result', async () => {
    expect(await execute({ result: '/id' })).toEqual({ outcome: 'succeeded', result: '1000' });
    expect(watch.output).toBe('{"id":1000}\n');
  });

  it.each(['/absent', '/id/x'])('gives the whole answer when it has nothing at %s', async (result) => {
    expect(await execute({ result })).toEqual({ outcome: 'succeeded', result: '{"id":1000}' });
  });

  it('may be answered with nothing, with no JSON, or with more than anybody wants', async () => {
    server.faults.push({ instead: { status: 204 } });
    expect(await execute({ result: '/id' })).toEqual({ outcome: 'succeeded', result: 'HTTP 204' });
    server.faults.push({ instead: { status: 200, body: 'x'.repeat(3_000_000) } });
    const long = await execute({ maxOutput: 3 });
    expect(long).toEqual({
      outcome: 'succeeded',
      result: `"xx [the last ${1024 * 1024 - 3} characters are left out]`,
      truncated: true,
    });
  });

  describe('that was not done for sure', () => {
    it.each<[object, object]>([
      [{ status: 429 }, { retryable: true }],
      [
        { status: 429, headers: { 'retry-after': '7' } },
        { retryable: true, retry_after_ms: 7_000 },
      ],
      [{ status: 503 }, { retryable: true }],
      [
        { status: 503, headers: { 'retry-after': '120' } },
        { retryable: true, retry_after_ms: 120_000 },
      ],
    ])('may be made later when it is answered with %j', async (instead, expected) => {
      const { status } = instead as { status: number };
      server.faults.push({ instead: { ...instead, status, body: { message: 'busy' } } });
      expect(await execute()).toEqual({ outcome: 'failed', error: `HTTP ${status}: {"message":"busy"}`, ...expected });
      expect(server.done).toEqual([]);
    });

    it.each([400, 401, 403, 404, 409, 410, 422])('has failed when it is answered with %i', async (status) => {
      server.faults.push({ instead: { status, body: { message: 'no' } } });
      expect(await execute()).toEqual({ outcome: 'failed', error: `HTTP ${status}: {"message":"no"}` });
    });

    it.each([301, 307, 308])('has failed when it is sent elsewhere with %i', async (status) => {
      server.faults.push({ instead: { status, headers: { location: `${server.url}/elsewhere` } } });
      expect(await execute()).toEqual({ outcome: 'failed', error: `HTTP ${status}: redirects are not followed` });
      expect(server.requests).toHaveLength(1);
    });

    it('may be made later when nobody listens', async () => {
      const closed = createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const { port } = closed.address() as { port: number };
      closed.close();
      await once(closed, 'close');
      const error = expect.stringMatching(/^nothing was sent: .*ECONNREFUSED/);
      expect(await execute({ url: url(`http://127.0.0.1:${port}/`) })).toEqual({
        outcome: 'failed',
        error,
        retryable: true,
      });
    });

    it('may be made later when the name has no address', async () => {
      const resolve = () => Promise.reject(new Error('getaddrinfo ENOTFOUND target.invalid'));
      expect(await execute({ url: url('http://target.invalid/'), resolve })).toEqual({
        outcome: 'failed',
        error: 'nothing was sent: getaddrinfo ENOTFOUND target.invalid',
        retryable: true,
      });
    });

    it('may be made later when the connection cannot be made secret', async () => {
      const options = { url: url(server.url.replace('http:', 'https:')) };
      expect(await execute(options)).toMatchObject({ outcome: 'failed', retryable: true });
      expect(server.requests).toEqual([]);
    });

    it('goes to no private address, and not without TLS, unless the tool says so', async () => {
      const refused = (target: string) =>
        execute({ url: url(target), allowPrivate: false, resolve: async () => ['169.254.169.254'] });
      expect(await refused('https://metadata.invalid/')).toEqual({
        outcome: 'failed',
        error: 'metadata.invalid is at 169.254.169.254, which is not a public address',
      });
      expect(await refused(server.url)).toEqual({ outcome: 'failed', error: 'http is not allowed' });
      expect(server.requests).toEqual([]);
    });

    it('is not sent any more when it was stopped before', async () => {
      watch.stop();
      expect(await execute()).toEqual({ outcome: 'failed', error: 'stopped before it was sent' });
      expect(server.requests).toEqual([]);
    });
  });

  describe('that may have been done', () => {
    it.each<[string, Fault, string]>([
      ['500', { done_then: { status: 500, body: { message: 'oops' } } }, 'HTTP 500: {"message":"oops"}'],
      ['502', { done_then: { status: 502 } }, 'HTTP 502'],
      ['504', { done_then: { status: 504 } }, 'HTTP 504'],
      ['a lost connection', { done_then: 'lost' }, 'the connection was lost: socket hang up'],
      ['half an answer', { done_then: 'half' }, 'HTTP 202, and the connection was lost while the answer was read'],
      ['a page to look at', { done_then: { status: 303 } }, 'HTTP 303'],
    ])('has an unknown outcome after %s', async (_, fault, reason) => {
      server.faults.push(fault);
      expect(await execute()).toEqual({ outcome: 'unknown', reason });
      expect(server.done).toHaveLength(1);
    });

    it('has an unknown outcome when there is no answer in time', async () => {
      server.faults.push({ done_then: 'silent' });
      expect(await execute({ timeoutMs: 200 })).toEqual({ outcome: 'unknown', reason: 'no answer within 0.2 s' });
      expect(server.done).toHaveLength(1);
    });

    it('has an unknown outcome when it is stopped before the answer', async () => {
      server.faults.push({ done_then: 'silent' });
      const running = execute();
      await expect.poll(() => server.done, soon).toHaveLength(1);
      watch.stop();
      expect(await running).toEqual({ outcome: 'unknown', reason: 'stopped while it was running, requested by ada' });
    });

    it('has an unknown outcome when a later attempt is in conflict, perhaps with an earlier one', async () => {
      server.faults.push({ instead: { status: 409 } });
      expect(await execute({}, { attempt: 2 })).toEqual({ outcome: 'unknown', reason: 'HTTP 409' });
    });

    it('is done once by a target that knows its key, however often it is sent', async () => {
      server.faults.push({ done_then: 'lost' });
      expect(await execute()).toMatchObject({ outcome: 'unknown' });
      expect(await execute({}, { attempt: 2 })).toEqual({ outcome: 'succeeded', result: '{"id":1000}' });
      expect(await execute({}, { attempt: 3 })).toEqual({ outcome: 'succeeded', result: '{"id":1000}' });
      expect(server.done).toHaveLength(1);
    });
  });

  describe('that was only taken on', () => {
    const location = '/releases/1000';
    const taken = (status: number, headers: Record<string, string> = {}) =>
      server.faults.push({ done_then: { status, headers, body: { id: 1_000 } } });

    it.each<[number, Record<string, string>]>([
      [202, {}],
      [202, { location }],
      [201, { location }],
    ])('by %i %j has an unknown outcome, unless the tool says that this means done', async (status, headers) => {
      taken(status, headers);
      expect(await execute({ done: [] })).toEqual({
        outcome: 'unknown',
        reason: expect.stringMatching(/^HTTP 20[12].*has taken it on.*how to poll/),
      });
      taken(status, headers);
      expect(await execute({ done: [status] })).toMatchObject({ outcome: 'succeeded' });
    });

    it('is not what 201 without a Location says', async () => {
      taken(201);
      expect(await execute({ done: [] })).toMatchObject({ outcome: 'succeeded' });
    });

    it.each([location, () => `${server.url}${location}`, () => `//${new URL(server.url).host}${location}`])(
      'is followed where the target says: %s',
      async (said) => {
        taken(202, { location: typeof said === 'string' ? said : said() });
        const poll = question('', { url: url('{{response.headers.Location}}') });
        expect(await execute({ poll, done: [] })).toMatchObject({ outcome: 'succeeded' });
        expect(server.requests.at(-1)).toMatchObject({ path: location, headers: { authorization: `Bearer ${token}` } });
      },
    );

    it('is followed by a header in a path, and by a URL in the answer', async () => {
      taken(202, { 'x-id': '1000' });
      const byHeader = question('/releases/{{response.headers.x-id}}');
      expect(await execute({ poll: byHeader })).toMatchObject({ outcome: 'succeeded' });
      server.faults.push({ done_then: { status: 202, body: { self: `${server.url}/releases/1000` } } });
      const bySelf = question('', { url: url('{{response./self}}') });
      expect(await execute({ poll: bySelf }, { attempt: 2 })).toMatchObject({ outcome: 'succeeded' });
    });

    it.each([
      'http://127.0.0.1:1/releases/1000',
      '//evil.example/',
      'https://evil.example/',
      'http://u:p@HOST/x',
      'data:,x',
    ])('is not followed to another server, whom the secrets are none of the business of: %s', async (said) => {
      taken(202, { location: said.replace('HOST', new URL(server.url).host) });
      const poll = question('', { url: url('{{response.headers.location}}') });
      expect(await execute({ poll })).toMatchObject({
        outcome: 'unknown',
        reason: expect.stringMatching(/cannot be polled: .*another server than the request/),
      });
      expect(server.requests).toHaveLength(1);
    });

    it('is not followed without the header, or with several of them', async () => {
      taken(202);
      const poll = question('', { url: url('{{response.headers.location}}') });
      expect(await execute({ poll })).toMatchObject({
        outcome: 'unknown',
        reason: expect.stringContaining('{{response.headers.location}} is missing'),
      });
    });

    it('is asked for by an id of every length as it was written', async () => {
      server.faults.push({ done_then: { status: 202, body: '{"id":2512292042121000001}' } });
      const running = execute({ ...polling(), timeoutMs: 200 });
      await expect.poll(() => server.requests.at(-1)?.path, soon).toBe('/releases/2512292042121000001');
      await running;
    });
  });

  it('says who decided and for whom it is, and goes on with the trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const body = compileJson({ by: '{{approval.resolved_by}}', user: '{{run.user_id}}' }, scope());
    await execute({ body }, { approved_by: 'grace', requester: 'ada', traceparent, tracestate: 'vendor=a' });
    expect(server.done).toMatchObject([
      { body: { by: 'grace', user: 'ada' }, headers: { traceparent, tracestate: 'vendor=a' } },
    ]);
    await execute({ body }, { id: 'execution-2', approved_by: null, requester: null });
    expect(server.done[1]!.body).toEqual({});
    expect(server.done[1]!.headers).not.toHaveProperty('traceparent');
  });

  describe('that takes a while', () => {
    it('is followed until it is done', async () => {
      expect(await execute(polling())).toEqual({ outcome: 'succeeded', result: 'https://github.example/runs/1000' });
      expect(watch.percents).toEqual([40]);
      expect(server.requests.slice(1)).toMatchObject([{ path: '/releases/1000' }, {}, {}]);
      expect(server.requests.at(-1)!.headers).toMatchObject({ authorization: `Bearer ${token}` });
      expect(server.requests.at(-1)!.headers).not.toHaveProperty('idempotency-key');
    });

    it('has failed when the target says so', async () => {
      server.says = [{ conclusion: 'failure' }];
      expect(await execute(polling())).toEqual({
        outcome: 'failed',
        error: 'the target says "failure": https://github.example/runs/1000',
        covers: 'call',
      });
    });

    it('is asked again whatever goes wrong in between', async () => {
      server.questionFaults.push(
        { instead: { status: 404 } },
        { instead: { status: 500 } },
        { done_then: 'lost' },
        { instead: { status: 429, headers: { 'retry-after': '0' } } },
        { instead: { status: 200, body: 'no object' } },
        { done_then: 'half' },
      );
      expect(await execute(polling())).toMatchObject({ outcome: 'succeeded' });
      expect(server.done).toHaveLength(1);
    });

    it('has an unknown outcome when it is not done in time', async () => {
      server.says = [{ conclusion: null, status: 'in_progress' }];
      expect(await execute({ ...polling({ status: '/status' }), timeoutMs: 300 })).toEqual({
        outcome: 'unknown',
        reason: 'not done within 0.3 s; the target reported "in_progress"',
      });
    });

    it('has an unknown outcome when nobody can say any more how far it is', async () => {
      server.questionFaults.push(...Array.from({ length: 1_000 }, () => ({ instead: { status: 500 } })));
      expect(await execute({ ...polling(), timeoutMs: 300 })).toEqual({
        outcome: 'unknown',
        reason: 'not done within 0.3 s; the target answered HTTP 500',
      });
    });

    it.each(['/releases/{{response./absent}}', '/releases?id={{response./absent}}'])(
      'has an unknown outcome when the answer does not say whom to ask: %s',
      async (path) => {
        expect(await execute({ poll: question(path) })).toMatchObject({
          outcome: 'unknown',
          reason: expect.stringMatching(/its progress cannot be polled: {{response.\/absent}} is missing/),
        });
      },
    );

    it('has an unknown outcome when it is stopped', async () => {
      server.says = [{ conclusion: null, percent: 1 }];
      const running = execute(polling());
      await expect.poll(() => watch.percents, soon).toEqual([1]);
      watch.stop();
      expect(await running).toEqual({ outcome: 'unknown', reason: 'stopped while it was running, requested by ada' });
    });
  });

  describe('that nobody saw the end of', () => {
    const reconcile = (options: Partial<HttpOptions> = {}) =>
      adapter({ status: question('/releases/by-key/{{execution.id}}'), ...options }).reconcile!(callWith(), watch);

    it('was made when the target says so, and is followed to its end', async () => {
      server.faults.push({ done_then: 'lost' });
      await execute();
      expect(await reconcile()).toEqual({ outcome: 'succeeded', result: 'https://github.example/runs/1000' });
      expect(server.done).toHaveLength(1);
    });

    it('has failed when the target says so', async () => {
      server.says = [{ conclusion: 'cancelled' }];
      await execute();
      expect(await reconcile()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('"cancelled"') });
    });

    it('was never made when the target does not know of it', async () => {
      expect(await reconcile()).toEqual({
        outcome: 'failed',
        error: 'the target does not know of it: it was never made',
        retryable: true,
      });
    });

    it('stays unknown when the target cannot be asked', async () => {
      await server.stop();
      expect(await reconcile({ timeoutMs: 200 })).toMatchObject({
        outcome: 'unknown',
        reason: expect.stringMatching(/^not done within 0.2 s; the target could not be polled: .*ECONNREFUSED/),
      });
      server = await WorkflowServer.start();
    });

    it('can be asked about only where the tool says how', () => {
      expect(adapter().reconcile).toBeUndefined();
    });
  });

  it('never tells a secret, whatever the target says', async () => {
    const tells = { message: `Bearer ${token}`, deep: { quoted: JSON.stringify(token) } };
    server.faults.push(
      { instead: { status: 200, body: tells } },
      { instead: { status: 422, body: tells } },
      { instead: { status: 500, body: tells } },
    );
    server.says = [{ conclusion: 'failure', html_url: `https://x.example/?${token}` }];
    const outcomes = [
      await execute({ result: '/message' }),
      await execute(),
      await execute(),
      await execute(polling()),
    ];
    expect(outcomes).toMatchObject([
      { outcome: 'succeeded', result: 'Bearer ***' },
      { outcome: 'failed' },
      { outcome: 'unknown' },
      { outcome: 'failed' },
    ]);
    expect(JSON.stringify([outcomes, watch.news])).not.toContain(token);
  });
});
