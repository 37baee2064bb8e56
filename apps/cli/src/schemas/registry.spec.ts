import { eventNames } from '@countersign/contracts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registerSchemas, type Registered } from './registry.js';

interface Posted {
  path: string;
  authorization: string | undefined;
  body: { schemaType: string; schema: string };
}

/** As a registry answers: the same schema has the same id, and one subject takes no more. */
async function startRegistry(full?: string) {
  const posted: Posted[] = [];
  const ids = new Map<string, number>();
  const server = createServer(async (request, reply) => {
    const text = Buffer.concat(await request.toArray()).toString();
    const body = JSON.parse(text) as Posted['body'];
    posted.push({ path: request.url!, authorization: request.headers.authorization, body });
    if (full !== undefined && request.url!.includes(full))
      return reply.writeHead(409).end(JSON.stringify({ error_code: 409, message: 'incompatible' }));
    if (!ids.has(body.schema)) ids.set(body.schema, ids.size + 1);
    return reply.end(JSON.stringify({ id: ids.get(body.schema) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { posted, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/apis/ccompat/v7`) };
}

async function all(url: URL, prefix = '', authorization?: string): Promise<Registered[]> {
  const found: Registered[] = [];
  for await (const one of registerSchemas({ url, authorization, prefix })) found.push(one);
  return found;
}

describe('schemas in a registry', () => {
  it('are those of the values of their topics, each once', async () => {
    const { posted, url } = await startRegistry();
    const first = await all(url, 'prod.', 'Basic dTpw');
    expect(first).toHaveLength(eventNames.length);
    expect(first[0]).toEqual({ subject: 'prod.run.requested-value', id: 1, error: null });
    expect(posted[0]).toMatchObject({
      path: '/apis/ccompat/v7/subjects/prod.run.requested-value/versions',
      authorization: 'Basic dTpw',
      body: { schemaType: 'JSON' },
    });
    expect(JSON.parse(posted[0]!.body.schema)).toMatchObject({ $id: 'urn:countersign:event:run.requested:1' });
    expect(await all(url, 'prod.')).toEqual(first);
  });

  it('that a registry refuses are said, and hold up no others', async () => {
    const { url } = await startRegistry('run.started');
    const found = await all(url);
    expect(found.filter(({ error }) => error !== null)).toEqual([
      { subject: 'run.started-value', id: null, error: 'incompatible' },
    ]);
  });
});
