import { type Auth } from '@countersign/auth';
import { longestId, type Log } from '@countersign/contracts';
import helmet from '@fastify/helmet';
import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { admit } from '../admission/admission.js';
import { limitRate } from '../admission/rate-limit.js';
import { limitConnections, timeouts } from '../admission/connections.js';
import { BackupsController } from '../backups/backups.controller.js';
import { Backups } from '../backups/backups.js';
import type { ServiceSettings } from '../settings/config.js';
import { refuseOtherMethods } from '../http/allowed-methods.js';
import { acceptForms } from '../http/forms.js';
import { measureRequests } from '../metrics/http-metrics.js';
import { HealthController, Readiness } from '../http/health.controller.js';
import { InstallationWatch } from '../installation/installation-watch.js';
import { refuseUntilSound } from '../installation/refuse-until-sound.js';
import { nestLogger } from '../log/log.js';
import type { Service } from './service.js';
import { onlyLocalNames } from '../settings/local-names.js';
import { MetricsController } from '../metrics/metrics.controller.js';
import { Metrics } from '../metrics/metrics.js';
import { openApiDocument } from '../http/openapi.js';
import '../http/sign-in-docs.js';
import { answerBadUrl, ProblemFilter } from '../http/problem.filter.js';
import { answerUnreadable } from '../http/unreadable-request.js';
import { traceRequests } from '../tracing/traced-requests.js';
import type { Tracing } from '../tracing/tracing.js';
import { SchemasController } from '../schemas/schemas.controller.js';
import { readStrictBodies } from '../http/strict-body.js';
import { validationPipe } from '../http/validation.pipe.js';

const bodyLimit = 1_048_576;

/** What a page of this server may load and do: nothing but what is served here, and nothing that is written into it. */
const onlyOwn = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  objectSrc: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
};

@Module({})
class Root {}

export interface AppParts {
  ready: Readiness;
  metrics: Metrics;
  tracing: Tracing;
  auth: Auth;
  installation: Pick<InstallationWatch, 'isSound'>;
  backups: Backups | undefined;
  settings: ServiceSettings;
  log: Log;
}

/** The HTTP server of these services: what it lets in, what it answers, and how it is documented. */
export async function createApp(
  services: readonly Service[],
  { ready, metrics, tracing, auth, installation, settings, log, backups }: AppParts,
) {
  const root: DynamicModule = {
    module: Root,
    imports: [DiscoveryModule, auth.module, ...services.map(({ module }) => module)],
    controllers: [HealthController, MetricsController, SchemasController, ...(backups ? [BackupsController] : [])],
    providers: [
      { provide: Readiness, useValue: ready },
      { provide: Metrics, useValue: metrics },
      { provide: Backups, useValue: backups },
    ],
  };
  const adapter = new FastifyAdapter({
    bodyLimit,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: longestId },
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerUnreadable,
    ...timeouts(settings),
  });
  limitConnections(adapter.getInstance().server, settings);
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: nestLogger(log),
    abortOnError: false,
    // Signatures are of the bytes of a body.
    rawBody: true,
  });
  traceRequests(adapter.getInstance(), tracing);
  await app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: onlyOwn } });
  if (settings.RATE_LIMIT_PER_MINUTE > 0) await limitRate(app, auth.authenticator, settings.RATE_LIMIT_PER_MINUTE);
  refuseUntilSound(adapter.getInstance(), installation);
  refuseOtherMethods(adapter.getInstance());
  admit(adapter.getInstance(), app, { authenticator: auth.authenticator, settings });
  readStrictBodies(app, bodyLimit);
  await acceptForms(app);
  for (const service of services) await service.edge?.(adapter.getInstance());
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(log, auth.attempts));
  measureRequests(adapter.getInstance(), metrics);
  onlyLocalNames(adapter.getInstance(), settings.HOST);
  let document: object | undefined;
  adapter.getInstance().get('/openapi.json', async (request, reply) => {
    await auth.authenticator.authenticate(request, reply);
    return (document ??= openApiDocument(app, 'Countersign'));
  });
  return app;
}

/** How often a server that closes looks for idle connections. */
const hangUpEveryMs = 50;

/** Closes the server once its requests are answered. Clients hold connections for later, and Node waits for those too. */
export function closingOf(app: NestFastifyApplication): () => Promise<void> {
  const adapter = app.getHttpAdapter() as FastifyAdapter;
  const fastify = adapter.getInstance();
  let requests = 0;
  fastify.addHook('onRequest', async (_request, { raw }) => {
    requests += 1;
    raw.once('close', () => (requests -= 1));
  });
  return async () => {
    const hangUp = setInterval(() => requests === 0 && fastify.server.closeAllConnections(), hangUpEveryMs);
    await adapter.close().finally(() => clearInterval(hangUp));
  };
}
