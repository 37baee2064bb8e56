import { RequireScopes, Public } from '@countersign/auth';
import { longestId, type Event } from '@countersign/contracts';
import { ProblemError, problems, RetryableError, type ProblemCode } from '@countersign/contracts/problems';
import { OnEvent } from '../transport/on-event.js';
import { Body, Controller, Get, HttpException, Module, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { processSettings, readConfig, serviceSettings } from '../settings/config.js';
import type { Count } from '../metrics/metrics.js';
import { sendEvents } from '../http/server-sent-events.js';
import { serve } from './serve.js';
import type { Service, ServiceContext, Serving } from './service.js';

const Order = z.object({ name: z.string(), lines: z.array(z.object({ count: z.number().max(9) })) });
const List = z.object({ status: z.string().optional(), limit: z.coerce.number().optional() });
const errors: Record<string, () => unknown> = {
  problem: () => new ProblemError('call_changed', 'It is taken. Choose another.', { id: 'a-1' }),
  http: () => new HttpException('I am a teapot.', 418),
  outage: () => new RetryableError('connect ECONNREFUSED 10.0.0.1:27017'),
  bug: () => new Error('the password is 1234'),
  busy: () => new ProblemError('too_many_runs', 'Wait.'),
  nonsense: () => 'not even an error',
};

@Controller('tiny')
class TinyController {
  @Get('errors/:kind')
  @RequireScopes()
  fail(@Param('kind') kind: string): never {
    throw errors[kind]!();
  }

  @Post('orders')
  @RequireScopes('runs:write')
  order(@Body({ schema: Order }) order: z.infer<typeof Order>): z.infer<typeof Order> {
    return order;
  }

  @Get('list')
  @RequireScopes('runs:read')
  list(@Query({ schema: List }) query: z.infer<typeof List>): z.infer<typeof List> {
    return query;
  }

  @Get('things/:id')
  @RequireScopes('runs:read')
  thing(@Param('id') id: string): { id: string } {
    return { id };
  }

  @Get('open')
  @Public()
  open(): { open: true } {
    return { open: true };
  }

  /** Says something once, and then nothing for as long as it is open. */
  @Get('stream')
  @RequireScopes('runs:read')
  stream(@Res() reply: FastifyReply): void {
    sendEvents(
      reply,
      (async function* () {
        yield { event: 'begun', data: {} };
        await new Promise(() => {});
      })(),
    );
  }

  @Get('undeclared')
  undeclared(): void {}

  @OnEvent('executor', 'approval.resolved')
  async resolved(_event: Event<'approval.resolved'>): Promise<void> {}

  @OnEvent('executor', 'approval.preview_asked')
  async previewAsked(_event: Event<'approval.preview_asked'>): Promise<void> {}

  @OnEvent('executor', 'run.cancelled')
  async cancelled(_event: Event<'run.cancelled'>): Promise<void> {}

  @OnEvent('executor', 'run.failed')
  async failed(_event: Event<'run.failed'>): Promise<void> {}

  @OnEvent('executor', 'tool.pause_requested')
  async pauseRequested(_event: Event<'tool.pause_requested'>): Promise<void> {}

  @OnEvent('executor', 'tool.resume_requested')
  async resumeRequested(_event: Event<'tool.resume_requested'>): Promise<void> {}

  @OnEvent('executor', 'tool.claim_requested')
  async claimRequested(_event: Event<'tool.claim_requested'>): Promise<void> {}

  @OnEvent('executor', 'tool.report_requested')
  async reportRequested(_event: Event<'tool.report_requested'>): Promise<void> {}
}
@Module({})
class TinyModule {}

const steps: string[] = [];
let counted: Count<'kind'>;
const tiny = ({ metrics, stopping }: ServiceContext): Service => {
  counted = metrics.counter({ name: 'tiny_things_total', help: 'Things.', labels: ['kind'] });
  return {
    name: 'executor',
    module: { module: TinyModule, controllers: [TinyController] },
    start: async () => void steps.push('started'),
    stop: async (graceMs) =>
      void steps.push(`stopped after ${graceMs}, ${stopping.aborted ? 'told before' : 'not told'}`),
  };
};

const adminKey = 'the-first-key-of-this-specification';
const Config = z.object({ ...serviceSettings, ...processSettings('countersign', 0) });

describe('a service that is served', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-serve-'));
  const settings = readConfig(Config, {
    DATA_DIR: dir,
    LOG_LEVEL: 'silent',
    SHUTDOWN_GRACE_SECONDS: '3',
    ADMIN_KEY: adminKey,
  });
  let serving: Serving;
  beforeAll(async () => (serving = await serve(settings, [tiny])));
  afterAll(() => rmSync(dir, { recursive: true }));

  const authorization = `Bearer ${adminKey}`;
  const askAnonymously = (path: string, init?: RequestInit) => fetch(`${serving.url}${path}`, init);
  const ask = (path: string, init?: RequestInit) =>
    askAnonymously(path, { ...init, headers: { authorization, ...init?.headers } });
  const post = (body: string, type = 'application/json') =>
    ask('/tiny/orders', { method: 'POST', body, headers: { 'content-type': type } });
  const problemIn = async (response: Response) => {
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json(;|$)/);
    const problem = (await response.json()) as Record<string, unknown>;
    const code = problem['code'] as ProblemCode;
    expect(problem).toMatchObject({ type: `urn:countersign:problem:${code}`, title: problems[code].title });
    expect([problem['status'], problems[code].status]).toEqual([response.status, response.status]);
    return problem;
  };

  it('is started before it can be asked anything', () => {
    expect(steps).toEqual(['started']);
  });

  it.each([
    ['problem', 'call_changed', 'It is taken. Choose another.', { action: 'reload_approval', id: 'a-1' }],
    ['http', 'bad_request', 'I am a teapot.', undefined],
    [
      'outage',
      'unavailable',
      'The database or the event log is out of reach. Try again in a moment.',
      { action: 'retry_later', id: null },
    ],
    ['bug', 'internal_error', expect.stringMatching(/^Something went wrong here, not with the request/), undefined],
    ['nonsense', 'internal_error', expect.stringMatching(/^Something went wrong here/), undefined],
  ])('answers a %s as problem details, and tells nothing of its inside', async (kind, code, detail, hint) => {
    const problem = await problemIn(await ask(`/tiny/errors/${kind}?x=1`));
    const { status, title } = problems[code as ProblemCode];
    const instance = `/tiny/errors/${kind}`;
    expect(problem).toEqual({ type: `urn:countersign:problem:${code}`, title, status, detail, code, hint, instance });
  });

  it.each([
    ['{"name": "a", "lines": [{"count": 2512292042121000001}]}', 422, 'inexact_number', '/lines/0/count'],
    ['{"name": 1e400}', 422, 'inexact_number', '/name'],
    ['{"name": "a", "name": "b"}', 422, 'duplicate_name', '/name'],
    ['{"__proto__": {"name": "a"}}', 422, 'reserved_name', '/__proto__'],
    [String.raw`{"name": "\ud800"}`, 422, 'lone_surrogate', '/name'],
    [String.raw`{"name": "\u0000"}`, 422, 'nul_character', '/name'],
    ['['.repeat(5_000) + ']'.repeat(5_000), 422, 'too_deep', '/0'.repeat(64)],
    ['{"name"', 400, 'not_json', undefined],
    ['', 400, 'not_json', undefined],
  ])('refuses the body %.60s, with a code and where it is', async (body, status, code, path) => {
    const problem = await problemIn(await post(body));
    expect(problem).toMatchObject({ status, code });
    expect(problem['errors']).toEqual(path === undefined ? undefined : [{ path, message: expect.any(String) }]);
  });

  it('tells nobody of the query of a request that fails, in which there may be a secret', async () => {
    expect(await problemIn(await ask('/tiny/errors/bug?token=1234'))).toMatchObject({ instance: '/tiny/errors/bug' });
  });

  it('shows Prometheus what it counts, and how the process does', async () => {
    counted.add({ kind: 'odd' });
    counted.add({ kind: 'odd' }, 2);
    const response = await ask('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['# TYPE tiny_things_total counter', 'tiny_things_total{kind="odd"} 3']),
    );
    expect(lines.some((line) => line.startsWith('process_cpu_seconds_total '))).toBe(true);
  });

  it.each(['/tiny/errors/http', '/openapi.json', '/metrics'])(
    'does not answer %s to somebody who is not known',
    async (path) => {
      const response = await askAnonymously(path);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await problemIn(response)).toMatchObject({
        status: 401,
        detail: expect.stringContaining('Authorization'),
      });
      expect(await problemIn(await ask(path, { headers: { authorization: 'Bearer wrong' } }))).toMatchObject({
        status: 401,
      });
    },
  );

  it('answers what is open to everybody', async () => {
    expect(await (await askAnonymously('/tiny/open')).json()).toEqual({ open: true });
    expect((await askAnonymously('/health/ready')).status).toBe(200);
  });

  it('does not answer at all where it is not said who may ask', async () => {
    expect(await problemIn(await ask('/tiny/undeclared'))).toMatchObject({ status: 403 });
  });

  it('asks for the scopes that a route needs', async () => {
    const { key } = await serving.auth.keys.create({ name: 'a reader', subject: 'bob', roles: ['viewer'] });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await ask('/tiny/orders', { method: 'POST', body: '{}', headers });
    expect(await problemIn(response)).toMatchObject({ status: 403, detail: expect.stringContaining('runs:write') });
  });

  it('ends what is open with the key that opened it, and leaves what others opened', async () => {
    const create = () => serving.auth.keys.create({ name: 'a reader', subject: 'bob', roles: ['viewer'] });
    const [one, other] = [await create(), await create()];
    const open = async ({ key }: typeof one) => {
      const { body } = await ask('/tiny/stream', { headers: { authorization: `Bearer ${key}` } });
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      let told = '';
      while (!told.includes('begun')) told += (await reader.read()).value ?? '';
      return { isOver: reader.read().then(({ done }) => done), cancel: () => reader.cancel() };
    };
    const [mine, theirs] = [await open(one), await open(other)];
    await serving.auth.keys.revoke(one.record.id);
    expect(await mine.isOver).toBe(true);
    await theirs.cancel();
    expect(await theirs.isOver).toBe(true);
  });

  it('says when to try again after an outage', async () => {
    expect((await ask('/tiny/errors/outage')).headers.get('retry-after')).toBe('2');
  });

  it('names each field of a request that does not fit', async () => {
    const response = await post(JSON.stringify({ lines: [{ count: 1 }, { count: 10 }] }));
    const problem = await problemIn(response);
    expect(problem).toMatchObject({ status: 400, detail: expect.stringMatching(/^The request does not fit: name: /) });
    expect(problem['errors']).toEqual([
      { path: 'name', message: expect.any(String) },
      { path: 'lines.1.count', message: expect.any(String) },
    ]);
  });

  it.each([
    ['no JSON', () => post('{"name":'), 400],
    ['another type', () => post('<order/>', 'application/xml'), 415],
    ['too much', () => post(JSON.stringify('x'.repeat(1_100_000))), 413],
    ['a route that there is not', () => ask('/nowhere'), 404],
  ])('answers %s as problem details too', async (_, response, status) => {
    expect(await problemIn(await response())).toMatchObject({ status });
  });

  it.each([
    ['/tiny/list?stauts=pending', 400, 'unknown_parameter', /"stauts" is no parameter here, did you mean "status"\?/],
    ['/tiny/list?status=a&user=b', 400, 'unknown_parameter', /"user" is no parameter here; there are status, limit/],
    ['/tiny/list?limit=many', 400, 'invalid_request', /limit/],
  ])('refuses %s, and says what was meant', async (path, status, code, detail) => {
    expect(await problemIn(await ask(path))).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
    expect(await (await ask('/tiny/list?status=a')).json()).toEqual({ status: 'a' });
  });

  it('finds what has an id of any length that ids may have, in any script', async () => {
    for (const letter of ['a', 'ж', '漢']) {
      const id = letter.repeat(longestId);
      expect(await (await ask(`/tiny/things/${encodeURIComponent(id)}`)).json()).toEqual({ id });
    }
    expect(await problemIn(await ask(`/tiny/things/${'a'.repeat(longestId + 1)}`))).toMatchObject({ status: 400 });
  });

  it.each([
    ['DELETE', '/tiny/orders', 'POST'],
    ['GET', '/tiny/orders?x=1', 'POST'],
    ['PUT', '/tiny/errors/outage', 'GET, HEAD'],
    ['OPTIONS', '/health/live', 'GET, HEAD'],
  ])('answers %s %s with the methods that there are', async (method, path, allow) => {
    const response = await ask(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemIn(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  it('says when to try again whoever has too much under way', async () => {
    const response = await ask('/tiny/errors/busy');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2']);
  });

  it('takes a request that fits', async () => {
    const order = { name: 'n', lines: [] };
    expect(await (await post(JSON.stringify(order))).json()).toEqual(order);
  });

  const askAs = (host: string) =>
    new Promise<number>((resolve, reject) => {
      const asked = request(`${serving.url}/health/live`, { headers: { host } }, (reply) => {
        reply.resume();
        resolve(reply.statusCode!);
      });
      asked.on('error', reject).end();
    });
  it.each(['localhost', 'LOCALHOST:4000', '127.0.0.1:80', '[::1]:4000'])('answers to the name %s', async (host) => {
    expect(await askAs(host)).toBe(200);
  });
  it.each(['evil.example', 'localhost.evil.example', 'localhost:4000@evil.example', '127.0.0.1.evil.example:4000'])(
    'does not answer to the name "%s", which a web page may have pointed here',
    async (host) => {
      expect(await askAs(host)).toBe(421);
    },
  );

  it('is ready, and says what of', async () => {
    const response = await ask('/health/ready');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ok',
      checks: { store: 'ok', log: 'ok', descriptors: 'ok', installation: 'ok', configuration: 'ok', executor: 'ok' },
    });
  });

  it('lets only one process work on embedded data', async () => {
    await expect(serve(settings, [tiny])).rejects.toThrow(`${dir} is in use by another process`);
  });

  it('stops: those who wait are answered first, and nothing listens after', async () => {
    await serving.stop();
    expect(steps).toEqual(['started', 'stopped after 3000, told before']);
    await expect(ask('/health/live')).rejects.toThrow('fetch failed');
    const again = await serve(settings, [tiny]);
    await again.stop();
  });
});

describe('requests in a minute', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-rate-'));
  const settings = readConfig(Config, {
    DATA_DIR: dir,
    LOG_LEVEL: 'silent',
    ADMIN_KEY: adminKey,
    RATE_LIMIT_PER_MINUTE: '3',
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('are counted for each who makes them, and for an address where that is not known', async () => {
    const serving = await serve(settings, [tiny]);
    const ask = async (key?: string) => {
      const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const response = await fetch(`${serving.url}/tiny/open`, { headers });
      await response.body?.cancel();
      return response;
    };
    const statuses = [];
    for (const key of [undefined, 'wrong', 'wrong too', 'another wrong one', undefined, adminKey, adminKey, adminKey])
      statuses.push((await ask(key)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 200, 200, 200]);
    const last = await ask(adminKey);
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    await serving.stop();
  });
});
