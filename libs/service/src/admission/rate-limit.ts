import type { Authenticator } from '@countersign/auth';
import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * So many requests in a minute of each who makes them, so that those behind one address do not share a limit; of each
 * address where it is not known who that is.
 */
export async function limitRate(
  app: NestFastifyApplication,
  authenticator: Pick<Authenticator, 'authenticate'>,
  max: number,
): Promise<void> {
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => void replies.set(request, reply));
  await app.register(rateLimit, {
    max,
    timeWindow: '1 minute',
    async keyGenerator(request: FastifyRequest) {
      const { authorization, cookie } = request.headers;
      if (authorization === undefined && cookie === undefined) return `address ${request.ip}`;
      const known = await authenticator.authenticate(request, replies.get(request)!).catch(() => undefined);
      return known ? `subject ${known.principal.subject}` : `address ${request.ip}`;
    },
  });
}
