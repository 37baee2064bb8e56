import { ProblemError } from '@countersign/contracts/problems';
import type { FastifyInstance } from 'fastify';
import type { InstallationWatch } from './installation-watch.js';

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Changes nothing for anybody before it is known that the store belongs to the log; what there is can be read. */
export function refuseUntilSound(server: FastifyInstance, installation: Pick<InstallationWatch, 'isSound'>): void {
  server.addHook('onRequest', async (request, reply) => {
    if (installation.isSound || reads.has(request.method) || request.is404) return;
    void reply.header('retry-after', '2');
    throw new ProblemError(
      'not_ready',
      'Nothing is changed here until the store and the log are seen to belong together; GET /health/ready says what is wrong.',
    );
  });
}
