import { agentRunner } from '@countersign/agent-runner';
import { approvalService } from '@countersign/approval-service';
import { auditService } from '@countersign/audit';
import { executorService } from '@countersign/executor';
import { readConfig, serve, type Service, type ServiceContext } from '@countersign/service';
import type { FastifyInstance } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StandaloneConfig } from '../src/config.js';

export const adminKey = 'a-key-for-tests-that-nobody-else-uses-ever';

interface Content {
  content?: Record<string, { schema: object; example?: object }>;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: object;
}
export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content & { description: string }>;
}
export interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

interface Asking {
  key?: string | undefined;
  body?: object;
  headers?: Record<string, string>;
}

export interface Standalone {
  url: string;
  /** @param key of whoever asks; none for nobody. */
  ask(method: string, path: string, options?: Asking): Promise<Response>;
  document(): Promise<Document>;
  /** `GET /runs/:run_id`, for every route that the HTTP server has, whoever registered it. */
  routes(): string[];
  /** The log that the services share. */
  bus: ServiceContext['bus'];
  /** Ends it, and leaves its data for another. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export const bearer = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'countersign-standalone-'));

/** The four services in this process, on the embedded stack and with the scripted model. */
export async function openStandalone(dir = newDirectory(), settings: Record<string, string> = {}): Promise<Standalone> {
  // oxlint-disable-next-line node/no-process-env -- programs that calls run are found where this process finds them
  const { PATH = '' } = process.env;
  const config = readConfig(StandaloneConfig, {
    DATA_DIR: dir,
    PORT: '0',
    LOG_LEVEL: 'silent',
    ADMIN_KEY: adminKey,
    RATE_LIMIT_PER_MINUTE: '0',
    PATH,
    ...settings,
  });
  const routes = new Set<string>();
  let bus: ServiceContext['bus'];
  const watched =
    (create: (context: ServiceContext) => Service) =>
    (context: ServiceContext): Service => {
      const service = create(context);
      bus = context.bus;
      const edge = async (server: FastifyInstance) => {
        server.addHook('onRoute', ({ method, url }) => [method].flat().forEach((each) => routes.add(`${each} ${url}`)));
        await service.edge?.(server);
      };
      return { ...service, edge };
    };
  // The first to add to the server sees all that is added.
  const environment = { DEPLOY_TARGET_DIR: join(dir, 'deployments') };
  const executor = executorService(config, { environment });
  const serving = await serve(config, [
    watched(agentRunner(config)),
    approvalService(config),
    executor,
    auditService(config),
  ]);
  const ask: Standalone['ask'] = (method, path, { key, body, headers } = {}) =>
    fetch(serving.url + path, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...bearer(key), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    url: serving.url,
    ask,
    bus: bus!,
    // What answers GET answers HEAD, and OPTIONS say nothing about anybody.
    routes: () => [...routes].filter((route) => !/^(HEAD|OPTIONS) /.test(route)),
    document: async () => (await (await ask('GET', '/openapi.json', { key: adminKey })).json()) as Document,
    stop: () => serving.stop(),
    async close() {
      await serving.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** `GET /runs/{run_id}` and what the document says of it, for every route. */
export const operationsOf = ({ paths }: Document): [route: string, operation: Operation][] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
