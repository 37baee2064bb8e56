import { browserSessions, openAuth, type Auth } from '@countersign/auth';
import { longestId, type Log } from '@countersign/contracts';
import { systemClock, type Clock, millisOf } from '@countersign/contracts/time';
import { encode } from '@countersign/messaging';
import { retryUntilStored } from '@countersign/persistence';
import helmet from '@fastify/helmet';
import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { admit } from '../admission/admission.js';
import { limitRate } from '../admission/rate-limit.js';
import { limitConnections, timeouts } from '../admission/connections.js';
import { BackupsController } from '../backups/backups.controller.js';
import { Configuration } from '../configuration/configuration.js';
import { configVersionsIn } from '../configuration/config-versions.js';
import { Backups } from '../backups/backups.js';
import { ForeignMessages } from '../metrics/foreign-messages.js';
import { countMessages, showLag } from '../metrics/bus-metrics.js';
import type { ServiceSettings } from '../settings/config.js';
import { refuseOtherMethods } from '../http/allowed-methods.js';
import { acceptForms } from '../http/forms.js';
import { measureRequests } from '../metrics/http-metrics.js';
import { HealthController, Readiness } from '../http/health.controller.js';
import { openRelay } from './command-handler.js';
import { expiryOf } from './expiry.js';
import { openInfrastructure } from './infrastructure.js';
import { InstallationWatch, type Watched } from '../installation/installation-watch.js';
import { refuseUntilSound } from '../installation/refuse-until-sound.js';
import { showSkew } from '../installation/skew.js';
import { StoreClock } from '../installation/store-clock.js';
import { createLog, nestLogger } from '../log/log.js';
import { readinessOf } from './readiness.js';
import type { Service, ServiceContext, Serving } from './service.js';
import { onlyLocalNames } from '../settings/local-names.js';
import { MetricsController } from '../metrics/metrics.controller.js';
import { Metrics } from '../metrics/metrics.js';
import { openApiDocument } from '../http/openapi.js';
import '../http/sign-in-docs.js';
import { answerBadUrl, ProblemFilter } from '../http/problem.filter.js';
import { answerUnreadable } from '../http/unreadable-request.js';
import { openTracing } from '../tracing/open-tracing.js';
import { traceRequests } from '../tracing/traced-requests.js';
import type { Tracing } from '../tracing/tracing.js';
import { SchemasController } from '../schemas/schemas.controller.js';
import { BusTransport } from '../transport/bus-transport.js';
import { Retention } from './retention.js';
import { readStrictBodies } from '../http/strict-body.js';
import { validationPipe } from '../http/validation.pipe.js';

const dayMs = 24 * 3_600_000;
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

/**
 * Runs services in this process: one HTTP server, one bus, one database, and a consumer group for each.
 *
 * @throws DataInUse when another process works on the same embedded data.
 */
export async function serve(
  settings: ServiceSettings,
  create: readonly ((context: ServiceContext) => Service)[],
): Promise<Serving> {
  const log = createLog(settings.LOG_LEVEL, () => tracing?.ids() ?? {});
  const tracing: Tracing | undefined = await openTracing(settings, log);
  const onFatal = (error: Error) => {
    log.error({ err: error }, 'fatal error, exiting so that the supervisor restarts the process');
    process.exit(1);
  };
  const metrics = new Metrics(tracing.exemplar);
  const observer = countMessages(metrics);
  const foreign = new ForeignMessages(metrics, log, systemClock);
  const clientId = `countersign-${process.pid}`;
  const started = Promise.withResolvers<void>();
  const infrastructure = await openInfrastructure(settings, {
    clientId,
    log,
    observer,
    tracing,
    started: started.promise,
    onForeign: foreign.add,
    now: () => now(),
    onFatal,
  });
  const { bus, busTo, database, exclusive, description } = infrastructure;
  const stopping = new AbortController();
  // Embedded, no other machine has the same records.
  const clock = exclusive ? undefined : new StoreClock(database);
  if (clock) showSkew(metrics, clock);
  const now: Clock = clock?.now ?? systemClock;
  const configuration = new Configuration({
    store: configVersionsIn(database),
    path: resolve(settings.COUNTERSIGN_CONFIG),
    alone: exclusive,
    log,
  });
  const context: ServiceContext = {
    bus,
    busTo,
    configuration,
    database,
    exclusive,
    log,
    metrics,
    tracing,
    now,
    recordsSince: (service) => installation.recordsSince(service),
    setBack: (service, began) => installation.setBack(service, began),
    expiredBefore: (service) => installation.expiredBefore(service),
    expiring: (service, name, records) =>
      expiryOf({ settings, now, expire: (before) => installation.expire(service, before) }, name, records),
    stopping: stopping.signal,
  };
  const services = create.map((each) => each(context));
  const transports = services.map(({ name, handle }) => new BusTransport(name, bus, now, handle, tracing));
  const installation: InstallationWatch = new InstallationWatch({
    services: services.map(watched),
    database,
    bus,
    now,
    log,
    metrics,
    measure: async () => clock?.measure(),
    onFatal,
  });
  const speaker = services.find(({ name }) => name === 'approval-service') ?? services[0]!;
  const { relay: sessionRelay } = openRelay(context, browserSessions, { service: speaker.name });
  const auth = openAuth({
    settings,
    database,
    log,
    now,
    news: {
      service: speaker.name,
      push: (events) => sessionRelay.push(events),
      publish: (events) => bus.publish(events.map(encode)),
    },
  });
  const retentionJob = new Retention({
    policies: [...infrastructure.retention, ...auth.retention, ...services.flatMap(({ retention = [] }) => retention)],
    ttlMs: settings.RETENTION_DAYS * dayMs,
    shrink: infrastructure.shrink,
    log,
    metrics,
    now,
  });
  metrics.levels(
    {
      name: 'countersign_store_indexes_missing',
      help: 'Whether an index of a collection is not there (yet), so that lists of it are slow.',
      labels: ['collection'],
    },
    () => database.missingIndexes().map((collection) => ({ labels: { collection }, value: 1 })),
  );
  showLag(
    metrics,
    bus,
    services.map(({ name }) => name),
  );
  const ready = readinessOf(infrastructure, services, transports, {
    installation,
    configuration,
    clock,
    ...(settings.KAFKA_BROKERS && settings.KAFKA_INSTALLATION !== '' && { foreign }),
  });
  const app = await createApp(services, {
    ready,
    metrics,
    tracing,
    auth,
    installation,
    settings,
    log,
    backups: infrastructure.backups,
  });
  const closeServer = closingOf(app);
  for (const strategy of transports) app.connectMicroservice({ strategy }, { inheritAppConfig: false });

  void retryUntilStored(() => auth.keys.shareAdmin(), log);
  for (const service of services) await service.start();
  started.resolve();
  const begin = async () => {
    sessionRelay.start();
    for (const service of services) await service.begin?.();
    configuration.start();
    await app.startAllMicroservices();
    // Now every group that reads the log is known.
    retentionJob.start();
  };
  // Servers may be away for long, and meanwhile this process says so.
  if (exclusive) await installation.start(begin);
  await app.listen(settings.PORT, settings.HOST);
  if (!exclusive) installation.start(begin).catch(onFatal);
  const { port } = app.getHttpServer().address() as AddressInfo;

  const reread = async () => {
    for (const { name, reread } of services)
      await reread?.().catch((err: unknown) => log.error({ err, service: name }, 'cannot refresh verification keys'));
    const owner = services.find(({ activate }) => activate !== undefined);
    await (owner ? owner.activate!() : configuration.look());
  };
  const stop = async () => {
    stopping.abort();
    await installation.stop();
    await configuration.stop();
    await Promise.all([...transports.map((transport) => transport.close()), closeServer(), retentionJob.stop()]);
    await Promise.all(services.map((service) => service.stop(millisOf(settings.SHUTDOWN_GRACE_SECONDS))));
    await app.close();
    await Promise.all([auth.attempts.stop(), sessionRelay.stop()]);
    await infrastructure.close();
    await tracing.close();
  };
  return { url: `http://${settings.HOST}:${port}`, description, auth, log, reread, stop };
}

interface AppParts {
  ready: Readiness;
  metrics: Metrics;
  tracing: Tracing;
  auth: Auth;
  installation: Pick<InstallationWatch, 'isSound'>;
  backups: Backups | undefined;
  settings: ServiceSettings;
  log: Log;
}

async function createApp(
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
function closingOf(app: NestFastifyApplication): () => Promise<void> {
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

const watched = ({ name, records, mayRecover = true }: Service): Watched => ({
  name,
  mayRecover,
  hasRecords: async () => ((await records?.find({ filter: {}, sort: [], limit: 1 })) ?? []).length > 0,
});
