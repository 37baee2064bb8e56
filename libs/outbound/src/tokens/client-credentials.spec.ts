import { RetryableError } from '@countersign/contracts/problems';
import { after, systemClock } from '@countersign/contracts/time';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientCredentials } from './client-credentials.js';

describe('a token by client credentials', () => {
  let server: Server;
  let endpoint: string;
  let asked: { authorization: string | undefined; body: string }[];
  let answer: { status: number; body: unknown };
  let now = systemClock();
  beforeEach(async () => {
    [asked, answer] = [[], { status: 200, body: { access_token: 't1', token_type: 'Bearer', expires_in: 100 } }];
    server = createServer((request, reply) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        asked.push({ authorization: request.headers.authorization, body: Buffer.concat(parts).toString() });
        reply.writeHead(answer.status, { 'content-type': 'application/json', location: '/elsewhere' });
        reply.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  });
  afterEach(() => server.close());

  const credentials = (change: object = {}) =>
    clientCredentials({ endpoint, id: 'run ner', secret: () => 'a:secret%', now: () => now, ...change });
  const failureOf = (asking: Promise<string>) => asking.catch((error: unknown) => error);

  it('is asked for with what the provider knows the client by, once for all who want it', async () => {
    const client = credentials({ scope: 'kafka' });
    expect(await Promise.all([client.token(), client.token()])).toEqual(['t1', 't1']);
    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('run+ner:a%3Asecret%25').toString('base64')}`,
        body: 'scope=kafka&grant_type=client_credentials',
      },
    ]);
  });

  it('is used until it is nearly over', async () => {
    const client = credentials();
    await client.token();
    now = after(now, 79_000);
    await client.token();
    expect(asked).toHaveLength(1);
    answer.body = { access_token: 't2', token_type: 'bearer' };
    now = after(now, 1_000);
    expect(await client.token()).toBe('t2');
  });

  it.each([500, 503, 429])('is asked for again after %i', async (status) => {
    const client = credentials();
    answer.status = status;
    expect(await failureOf(client.token())).toBeInstanceOf(RetryableError);
    answer.status = 200;
    expect(await client.token()).toBe('t1');
  });

  it.each<[string, { status: number; body: unknown }, RegExp]>([
    [
      'it is refused',
      { status: 401, body: { error: 'invalid_client', error_description: 'a:secret% is wrong' } },
      /401 .*: invalid_client$/,
    ],
    ['what refuses it is no code', { status: 400, body: { error: 'a:secret% is wrong' } }, /400 .*: no reason$/],
    ['there is none in the answer', { status: 200, body: { token_type: 'bearer' } }, /no token: access_token/],
    ['it is of another kind', { status: 200, body: { access_token: 't', token_type: 'mac' } }, /no token: token_type/],
    ['a page answers', { status: 200, body: '<html>' }, /no token/],
  ])('is none when %s, which waiting does not mend', async (_, given, message) => {
    answer = given;
    const error = await failureOf(credentials().token());
    expect(error).not.toBeInstanceOf(RetryableError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('secret');
  });

  it('is waited for while nobody answers, and what points elsewhere is not followed', async () => {
    answer.status = 302;
    expect(await failureOf(credentials().token())).toBeInstanceOf(RetryableError);
    expect(asked).toHaveLength(1);
    server.close();
    server.closeAllConnections();
    expect(await failureOf(credentials().token())).toBeInstanceOf(RetryableError);
  });
});
