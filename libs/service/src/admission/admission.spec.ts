import { RequireScopes, Public } from '@countersign/auth';
import { eventsTo, type EventsTo } from '@countersign/contracts';
import { OnEvent } from '../transport/on-event.js';
import { Body, Controller, Get, Module, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { processSettings, readConfig, serviceSettings } from '../settings/config.js';
import { sendEvents } from '../http/server-sent-events.js';
import { serve } from '../runtime/serve.js';
import type { Service, Serving } from '../runtime/service.js';

const adminKey = 'the-first-key-of-this-specification';
const authorization = `Bearer ${adminKey}`;
const never = new Promise<void>(() => {});

@Controller('things')
class ThingsController {
  @Post()
  @RequireScopes()
  take(@Body() body: { text: string }): { length: number } {
    return { length: body.text.length };
  }

  @Post('open')
  @Public()
  open(@Body() body: object): object {
    return { fields: Object.keys(body).length };
  }

  @Get('stream')
  @RequireScopes()
  stream(@Res() reply: FastifyReply): void {
    sendEvents(reply, idle());
  }
}

// A service listens to all that is meant for it.
for (const topic of eventsTo('executor') as EventsTo<'executor'>[]) {
  const listen = { value: async () => {}, configurable: true };
  Object.defineProperty(ThingsController.prototype, topic, listen);
  OnEvent('executor', topic)(ThingsController.prototype, topic, listen);
}

async function* idle(): AsyncGenerator<undefined, void> {
  yield undefined;
  await never;
}

@Module({})
class ThingsModule {}

const things = (): Service => ({
  name: 'executor',
  module: { module: ThingsModule, controllers: [ThingsController] },
  start: async () => {},
  stop: async () => {},
});

describe('what a server takes from whom', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-admission-'));
  const settings = readConfig(z.object({ ...serviceSettings, ...processSettings('countersign', 0) }), {
    DATA_DIR: dir,
    LOG_LEVEL: 'silent',
    ADMIN_KEY: adminKey,
    HTTP_CONNECTIONS_PER_ADDRESS: '60',
    HTTP_REQUESTS_PER_PRINCIPAL: '3',
    HTTP_HEADERS_SECONDS: '1',
    HTTP_BODY_SECONDS: '2',
  });
  let serving: Serving;
  const sockets: Socket[] = [];
  beforeAll(async () => (serving = await serve(settings, [things])));
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
  afterAll(async () => {
    await serving.stop();
    rmSync(dir, { recursive: true });
  });

  /** A connection of one's own, to send whatever one likes. */
  async function open(...lines: string[]): Promise<Socket> {
    const { port } = new URL(serving.url);
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    if (lines.length > 0) socket.write(lines.map((line) => `${line}\r\n`).join(''));
    return socket;
  }
  const begun = (path: string, ...headers: string[]) =>
    open(`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...headers, '');
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${serving.url}${path}`, { ...init, headers: { 'content-type': 'application/json', ...init.headers } });

  it.each([
    ['a length', 'Content-Length: 1000000'],
    ['no length', 'Transfer-Encoding: chunked'],
  ])('a body of %s from somebody without credentials is refused before it comes, and cut off', async (_, header) => {
    const answer = await text(await begun('/things', header));
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('wrong credentials are none, and a path that there is not takes no body either', async () => {
    expect(await text(await begun('/things', 'Content-Length: 9', 'Authorization: Bearer x'))).toMatch(/^HTTP\S+ 401 /);
    expect(await text(await begun('/nowhere', 'Content-Length: 9'))).toMatch(/^HTTP\S+ 404 /);
  });

  it('whoever sends all of a body at once gets the reason of the refusal', async () => {
    const response = await ask('/things', { method: 'POST', body: JSON.stringify({ text: 'x'.repeat(500_000) }) });
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('what everybody may send is small', async () => {
    const send = (length: number) =>
      ask('/things/open', { method: 'POST', body: JSON.stringify({ text: 'x'.repeat(length) }) });
    expect((await send(100_000)).status).toBe(201);
    expect((await send(300_000)).status).toBe(413);
    const known = await ask('/things', {
      method: 'POST',
      body: JSON.stringify({ text: 'x'.repeat(300_000) }),
      headers: { authorization },
    });
    expect(await known.json()).toEqual({ length: 300_000 });
  });

  it('a head or a body that never ends is cut off, and so is a connection on which nothing is said', async () => {
    const [head, body, silent] = await Promise.all([
      open('GET /health/live HTTP/1.1', 'Host: localhost'),
      begun('/things', 'Content-Length: 10', `Authorization: ${authorization}`),
      open(),
    ]);
    expect(await text(head)).toMatch(/^HTTP\S+ 408 /);
    expect(await text(body)).toMatch(/^HTTP\S+ 408 /);
    await text(silent);
  });

  it('one subject has so many requests under way, and streams are some, whatever keys it has', async () => {
    const { key } = await serving.auth.keys.create({ name: 'bob', subject: 'bob', roles: ['viewer'] });
    const other = await serving.auth.keys.create({ name: 'bob again', subject: 'bob', roles: ['viewer'] });
    const stream = (credentials: string) =>
      ask('/things/stream', { headers: { authorization: `Bearer ${credentials}` } });
    const streams = [await stream(key), await stream(other.key), await stream(key)];
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await stream(key);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('3 requests under way') });
    const admins = await stream(adminKey);
    expect(admins.status).toBe(200);
    await Promise.all([...streams, admins].map((each) => each.body!.cancel()));
    const again = await vi.waitUntil(async () => {
      const answer = await stream(key);
      return answer.status === 200 && answer;
    });
    await again.body!.cancel();
  });

  it('one address has so many connections', async () => {
    const opened = await Promise.all(Array.from({ length: 100 }, () => open()));
    const isOpen = () => opened.filter((socket) => !socket.closed).length;
    opened.forEach((socket) => socket.resume());
    await expect.poll(isOpen).toBeLessThanOrEqual(60);
  });
});
