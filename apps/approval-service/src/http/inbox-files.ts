import { ProblemError } from '@countersign/contracts/problems';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the build of the inbox leaves its files, as far from `src` as from `dist`. */
const builtInbox = fileURLToPath(new URL('../../../inbox/dist/site', import.meta.url));

/**
 * Serves the inbox: every address under `/inbox` is a page of it, and `/` is its first. Files whose name says what is in
 * them may be kept for ever; the page that names them is fetched each time.
 */
export async function serveInbox(server: FastifyInstance, root = builtInbox): Promise<void> {
  if (!existsSync(join(root, 'index.html'))) {
    const missing = async (): Promise<never> => {
      throw new ProblemError(
        'inbox_not_built',
        'The inbox is not built here. `npm start` builds it, and so does `npm test`.',
      );
    };
    for (const path of ['/', '/inbox', '/inbox/*']) server.get(path, missing);
    return;
  }
  await server.register(fastifyStatic, {
    root: join(root, 'assets'),
    prefix: '/inbox/assets/',
    immutable: true,
    preCompressed: true,
    maxAge: '365d',
    index: false,
  });
  server.get('/inbox/service-worker.js', (_request, reply) =>
    reply.header('cache-control', 'no-cache').sendFile('service-worker.js', root),
  );
  const page = readFileSync(join(root, 'index.html'), 'utf8');
  for (const path of ['/', '/inbox', '/inbox/*']) {
    server.get(path, (request, reply) =>
      reply
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(page.replaceAll('"./assets/', `"./${upFrom(request.url)}inbox/assets/`)),
    );
  }
}

/**
 * From an address of the inbox to where the server is, which only the browser knows: a proxy may have taken a path away. It
 * has nothing of the address but its depth, so no address leads to another host.
 */
const upFrom = (url: string): string => '../'.repeat(url.split('?', 1)[0]!.split('/').length - 2);
