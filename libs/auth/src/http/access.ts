import type { Scope } from '@countersign/contracts/auth';
import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { authenticationOf } from '../authenticator.js';
import type { Principal } from '../principal.js';

/** Who may use a route: everybody, or whoever has all of these scopes. */
export type Access = 'public' | readonly Scope[];

const accessKey = 'countersign:access';

/** Public, without authentication. On a handler, or on a class for all that say nothing else. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata<string, Access>(accessKey, 'public');

/** Whoever has all of these scopes may use this; without any, whoever is known at all. */
export const RequireScopes = (...scopes: readonly Scope[]): ClassDecorator & MethodDecorator =>
  SetMetadata<string, Access>(accessKey, scopes);

const recordedKey = 'countersign:recorded';

/** What nothing else puts on record: each use of this route is an event, and there is none without it. */
export const Recorded = (): MethodDecorator => SetMetadata<string, boolean>(recordedKey, true);

export const isRecorded = (handler: object): boolean => Reflect.getMetadata(recordedKey, handler) === true;

/** The parameter is the principal who makes the request. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const found = authenticationOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (!found) throw new Error('@CurrentPrincipal() is on a public route, which has no principal');
  return found.principal;
});

/** What a handler declares, else its class; undefined when neither does. */
export const accessOf = (handler: object, controller: object): Access | undefined =>
  (Reflect.getMetadata(accessKey, handler) ?? Reflect.getMetadata(accessKey, controller)) as Access | undefined;
