import { Id } from '@countersign/contracts';
import { Problem } from '@countersign/contracts/problems';
import { RequestMethod, SetMetadata, type INestApplication, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { IdempotencyKey } from './idempotency-key.js';
import { bodyExamples } from './openapi-examples.js';

interface Answer {
  status: number;
  schema: z.ZodType | undefined;
  description: string;
  type: string;
}

const json = 'application/json';
const forms = ['application/x-www-form-urlencoded', 'multipart/form-data'];
const formsKey = 'countersign:forms';
const answersKey = 'countersign:answers';

/** Says what a route answers; with the schemas of its parameters that is all the OpenAPI document needs. */
export function Returns(
  status: number,
  schema: z.ZodType | undefined,
  description: string,
  type = json,
): MethodDecorator {
  return (target, key, descriptor: PropertyDescriptor) => {
    const others = (Reflect.getMetadata(answersKey, descriptor.value as object) ?? []) as Answer[];
    SetMetadata(answersKey, [{ status, schema, description, type }, ...others])(target, key, descriptor);
  };
}

/** Says that a route sends Server-Sent Events. */
export const ReturnsEvents = (status: number, description: string): MethodDecorator =>
  Returns(status, z.string(), description, 'text/event-stream');

/** Says that a route takes a form as well as JSON. */
export const AcceptsForms = (): MethodDecorator => SetMetadata(formsKey, true);

/** Where Nest keeps the parameters of a route: `__routeArguments__`, keyed `kind:index`. */
interface RouteArgument {
  data?: string;
  schema?: z.ZodType;
}
const headerSchemas: Readonly<Record<string, z.ZodType>> = { 'idempotency-key': IdempotencyKey };
const kinds = { body: '3', query: '4', header: '6' };

/** The OpenAPI 3.1 document of every route of the application, read from what the controllers declare. */
export function openApiDocument(app: INestApplication, title: string): object {
  const scanner = new MetadataScanner();
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { metatype, instance } of app.get(DiscoveryService).getControllers()) {
    for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
      const route = operationOf(metatype as Type, name);
      if (route) (paths[route.path] ??= {})[route.method] = route.operation;
    }
  }
  return createDocument({ openapi: '3.1.0', info: { title, version: '1' }, paths: paths as ZodOpenApiPathsObject });
}

function operationOf(controller: Type, name: string) {
  const handler = (controller.prototype as Record<string, object>)[name]!;
  const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
  const answers = Reflect.getMetadata(answersKey, handler) as Answer[] | undefined;
  if (method === undefined || !answers) return undefined;
  const parts = [Reflect.getMetadata('path', controller), Reflect.getMetadata('path', handler)] as string[];
  const path = `/${parts.join('/')}`
    .replace(/\/+/g, '/')
    .replace(/(.)\/$/, '$1')
    .replace(/:(\w+)/g, '{$1}');
  const args = (Reflect.getMetadata('__routeArguments__', controller, name) ?? {}) as Record<string, RouteArgument>;
  const example = bodyExamples[`${RequestMethod[method]} ${path}`];
  return {
    path,
    method: RequestMethod[method].toLowerCase(),
    operation: operation(controller, name, { path, example }, answers, args),
  };
}

function operation(
  controller: Type,
  name: string,
  { path, example }: { path: string; example: object | undefined },
  answers: readonly Answer[],
  args: Record<string, RouteArgument>,
): ZodOpenApiOperationObject {
  const schemaOf = (kind: string) => Object.entries(args).find(([key]) => key.startsWith(`${kind}:`))?.[1].schema;
  const body = schemaOf(kinds.body);
  const query = schemaOf(kinds.query);
  const handler = (controller.prototype as Record<string, object>)[name]!;
  const types = Reflect.getMetadata(formsKey, handler) ? [json, ...forms] : [json];
  const headers = Object.entries(args).flatMap(([key, { data }]) =>
    key.startsWith(`${kinds.header}:`) && data ? [[data, (headerSchemas[data] ?? z.string()).optional()] as const] : [],
  );
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, param]) => param!);
  return {
    operationId: `${controller.name.replace('Controller', '')}.${name}`,
    ...(body && {
      requestBody: {
        required: true,
        content: Object.fromEntries(types.map((type) => [type, { schema: body, ...(example && { example }) }])),
      },
    }),
    requestParams: {
      ...(params.length > 0 && { path: z.object(Object.fromEntries(params.map((param) => [param, Id]))) }),
      ...(query && { query: query as z.ZodObject }),
      ...(headers.length > 0 && { header: z.object(Object.fromEntries(headers)) }),
    },
    responses: {
      ...Object.fromEntries(
        [...Map.groupBy(answers, ({ status }) => String(status))].map(([status, ways]) => [status, oneOf(ways)]),
      ),
      default: answer(Problem, 'What went wrong, and what to do about it.', 'application/problem+json'),
    },
  };
}

/** The ways in which a route answers with one status. */
function oneOf(ways: readonly Answer[]) {
  const answers = ways.map(({ schema, description, type }) => answer(schema, description, type));
  const content = Object.assign({}, ...answers.map((each) => each.content ?? {})) as Record<
    string,
    { schema: z.ZodType }
  >;
  return {
    description: ways.map(({ description }) => description).join(' '),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

const answer = (schema: z.ZodType | undefined, description: string, type = json) => ({
  description,
  ...(schema && { content: { [type]: { schema } } }),
});
