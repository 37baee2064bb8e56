import { RequestMethod, type INestApplicationContext, type Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { accessOf, type Access } from './access.js';

export interface DeclaredRoute {
  /** As `GET`. */
  method: string;
  /** As `/runs/:id`. */
  path: string;
  /** Undefined where it is not declared, so that the route is closed. */
  access: Access | undefined;
  /** As `RunsController.get`. */
  handler: string;
}

/** The routes of an application's controllers. */
export function declaredRoutes(app: INestApplicationContext): DeclaredRoute[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => routesOf(metatype as Type));
}

/** The routes that say neither `@Public()` nor `@RequireScopes(…)`; as `GET /path (Controller.method)`. */
export const undeclaredRoutes = (app: INestApplicationContext): string[] =>
  declaredRoutes(app).flatMap(({ method, path, access, handler }) =>
    access ? [] : [`${method} ${path} (${handler})`],
  );

function routesOf(controller: Type): DeclaredRoute[] {
  const prototype = controller.prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const parts = [Reflect.getMetadata('path', controller), Reflect.getMetadata('path', handler)] as string[];
    const path = `/${parts.join('/')}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
    const access = accessOf(handler, controller);
    return [{ method: RequestMethod[method], path, access, handler: `${controller.name}.${name}` }];
  });
}
