import type { Log } from '@countersign/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthError } from './auth-error.js';
import type { FailureLimit } from './failure-limit.js';

/** Answers those who could not be recognised. */
export class Refusal {
  readonly #failures: FailureLimit;
  readonly #log: Log;

  constructor({ failures, log }: { failures: FailureLimit; log: Log }) {
    this.#failures = failures;
    this.#log = log;
  }

  ofNobody(reply: FastifyReply, detail: string): AuthError {
    void reply.header('www-authenticate', 'Bearer');
    return new AuthError(401, detail);
  }

  /** Wrong credentials are counted, so that whoever tries many is slowed down. */
  ofWrong({ ip }: FastifyRequest, reply: FastifyReply, detail: string): AuthError {
    const { wait, first } = this.#failures.count(ip);
    if (wait === 0) return this.ofNobody(reply, detail);
    if (first) this.#log.warn({ ip }, 'wrong credentials come from this address one after the other');
    void reply.header('retry-after', String(wait));
    return new AuthError(429, `Too many wrong credentials came from your address. Try again in ${wait} seconds.`);
  }
}
