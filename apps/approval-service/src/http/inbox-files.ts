import { ProblemError } from '@countersign/contracts/problems';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { existsSync } from 'node:fs';
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
  for (const path of ['/', '/inbox', '/inbox/*']) {
    server.get(path, (_request, reply) =>
      reply.header('cache-control', 'no-cache').sendFile('index.html', root, { cacheControl: false }),
    );
  }
}
