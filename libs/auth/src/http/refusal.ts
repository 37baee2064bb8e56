import type { Log } from '@countersign/contracts';
import { ProblemError, type ProblemCode } from '@countersign/contracts/problems';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RefusedAttempts } from '../access-events/refused-attempts.js';
import type { FailureLimit } from './failure-limit.js';

type Unauthenticated = Extract<ProblemCode, 'unauthenticated' | 'credential_refused' | 'credential_ended'>;

export interface RefusalOptions {
  failures: FailureLimit;
  attempts: Pick<RefusedAttempts, 'add'>;
  log: Log;
}

/** Answers those who could not be recognised. */
export class Refusal {
  readonly #failures: FailureLimit;
  readonly #attempts: Pick<RefusedAttempts, 'add'>;
  readonly #log: Log;

  constructor({ failures, attempts, log }: RefusalOptions) {
    this.#failures = failures;
    this.#attempts = attempts;
    this.#log = log;
  }

  unauthenticated(reply: FastifyReply, code: Unauthenticated, detail: string): ProblemError {
    void reply.header('www-authenticate', 'Bearer');
    return new ProblemError(code, detail);
  }

  /** Wrong credentials are counted, so that whoever tries many is slowed down. */
  ofWrong(request: FastifyRequest, reply: FastifyReply, detail: string): ProblemError {
    const { ip } = request;
    const { wait, first } = this.#failures.count(ip);
    this.#attempts.add({ code: wait === 0 ? 'credential_refused' : 'too_many_wrong_credentials', request });
    if (wait === 0) return this.unauthenticated(reply, 'credential_refused', detail);
    if (first) this.#log.warn({ ip }, 'repeated wrong credentials from this address');
    void reply.header('retry-after', String(wait));
    const advice = `Too many wrong credentials came from your address. Try again in ${wait} seconds.`;
    return new ProblemError('too_many_wrong_credentials', advice);
  }
}
