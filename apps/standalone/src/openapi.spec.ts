import { Ajv2020 } from 'ajv/dist/2020.js';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openStandalone,
  operationsOf,
  type Document,
  type Operation,
  type Standalone,
} from '../test/standalone.fixtures.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Every route in the source: the decorators of each controller, as `GET /runs/{run_id}`. */
const declaredRoutes = (): string[] =>
  globSync('{apps,libs}/*/src/**/*.controller.ts', { cwd: root }).flatMap((file) => {
    const source = readFileSync(root + file, 'utf8');
    const base = /@Controller\((?:'([^']*)')?\)/.exec(source)?.[1] ?? '';
    return Array.from(source.matchAll(/@(Get|Post|Put|Patch|Delete)\((?:'([^']*)')?\)/g), ([, method, path = '']) => {
      const parts = [base, path].filter((part) => part !== '').join('/');
      return `${method!.toUpperCase()} /${parts.replace(/:(\w+)/g, '{$1}')}`;
    });
  });

/** There is nothing to say, or it is said elsewhere. */
const withoutContent = ['204', '303'];

describe('the OpenAPI document', () => {
  let standalone: Standalone;
  let document: Document;
  let operations: [route: string, operation: Operation][];
  beforeAll(async () => {
    standalone = await openStandalone();
    document = await standalone.document();
    operations = operationsOf(document);
  });
  afterAll(() => standalone.close());
  const operationOf = (route: string) => operations.find(([each]) => each === route)![1];

  it('has every route that a controller declares, and no other', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(operations.map(([route]) => route).toSorted()).toEqual(declaredRoutes().toSorted());
  });

  it('has the routes that users of agno know', () => {
    expect(operations.map(([route]) => route)).toEqual(
      expect.arrayContaining([
        'GET /approvals',
        'GET /approvals/count',
        'GET /approvals/{id}',
        'GET /approvals/{id}/status',
        'POST /approvals/{id}/resolve',
        'DELETE /approvals/{id}',
        'GET /agents',
        'GET /sessions',
        'GET /sessions/{session_id}/runs',
        'POST /agents/{agent_id}/runs',
        'POST /agents/{agent_id}/runs/{run_id}/continue',
        'POST /agents/{agent_id}/runs/{run_id}/cancel',
      ]),
    );
  });

  it('says of every route what it answers, and that a problem looks like a problem', () => {
    for (const [route, { responses }] of operations) {
      const { default: problem, ...answers } = responses;
      expect(problem!.content, route).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      });
      expect(Object.keys(answers).length, route).toBeGreaterThan(0);
      for (const [status, { description, content }] of Object.entries(answers)) {
        expect(description, route).not.toBe('');
        expect(content !== undefined, `${route} ${status}`).toBe(!withoutContent.includes(status));
      }
    }
  });

  it('names each parameter of a path, and requires it', () => {
    for (const [route, { parameters = [] }] of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(
        inPath.map(({ name }) => name),
        route,
      ).toEqual(Array.from(route.matchAll(/\{(\w+)\}/g), ([, name]) => name));
      expect(
        inPath.every(({ required }) => required),
        route,
      ).toBe(true);
    }
  });

  it('gives each operation a name of its own', () => {
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has a body and a query where the route takes one', () => {
    const withBody = operations.filter(([, { requestBody }]) => requestBody).map(([route]) => route);
    expect(withBody.every((route) => route.startsWith('POST '))).toBe(true);
    expect(withBody).toContain('POST /approvals/{id}/resolve');
    const query = operationOf('GET /approvals').parameters!.filter((parameter) => parameter.in === 'query');
    expect(query.map(({ name }) => name)).toEqual(expect.arrayContaining(['status', 'run_id', 'limit', 'page']));
  });

  it('consists of schemas that are valid, that refer to none that is missing, and that take the examples', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: 'document', components: document.components });
    const inDocument = (schema: object) =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components')) as object;
    const schemas = operations.flatMap(([route, { parameters = [], requestBody, responses }]) => [
      ...parameters.map(({ schema }) => ({ route, schema })),
      ...Object.values(requestBody?.content ?? {}).map((body) => ({ route, example: 'missing', ...body })),
      ...Object.values(responses).flatMap(({ content = {} }) =>
        Object.values(content).map(({ schema }) => ({ route, schema })),
      ),
    ]);
    expect(schemas.length).toBeGreaterThan(operations.length);
    for (const { route, schema, ...body } of schemas) {
      const takes = ajv.compile(inDocument(schema));
      if ('example' in body) expect([route, takes(body.example), takes.errors]).toEqual([route, true, null]);
    }
  });
});
