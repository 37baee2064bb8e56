import type { Scope } from '@countersign/contracts/auth';
import { ProblemError } from '@countersign/contracts/problems';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessEvents } from '../access-events/access-events.js';
import { accessOf, isRecorded } from './access.js';
import type { Authenticator } from '../authenticator.js';
import type { Principal } from '../principal.js';

/** Lets a request through to the route it asks for, or refuses it. What comes from the bus is none of its business. */
export class AuthGuard implements CanActivate {
  readonly #authenticator: Authenticator;
  readonly #used: AccessEvents['used'];

  constructor(authenticator: Authenticator, { used }: Pick<AccessEvents, 'used'>) {
    this.#authenticator = authenticator;
    this.#used = used;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const access = accessOf(context.getHandler(), context.getClass());
    if (access === 'public') return true;
    if (access === undefined) {
      throw new ProblemError(
        'route_closed',
        'No scope is declared for this route, so it is closed. Report it as a bug.',
      );
    }
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const { principal } = await this.#authenticator.authenticate(request, http.getResponse<FastifyReply>());
    requireScopes(principal, access);
    if (isRecorded(context.getHandler())) await this.#used(request, principal);
    return true;
  }
}

/** @throws ProblemError missing_scope, naming what is missing. */
export function requireScopes({ scopes, roles }: Principal, needed: readonly Scope[]): void {
  const missing = needed.filter((scope) => !scopes.has(scope));
  if (missing.length === 0) return;
  const reason = roles.length > 0 ? `your roles (${roles.join(', ')}) do not give` : 'you have no role that gives';
  throw new ProblemError(
    'missing_scope',
    `This needs ${missing.join(' and ')}, which ${reason}. Ask an administrator for it.`,
  );
}
