import { browserSessions, openAuth } from '@countersign/auth';
import { systemClock, type Clock, millisOf } from '@countersign/contracts/time';
import { encode, type BusObserver } from '@countersign/messaging';
import { retryUntilStored } from '@countersign/persistence';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { Configuration } from '../configuration/configuration.js';
import { configVersionsIn } from '../configuration/config-versions.js';
import { ForeignMessages } from '../metrics/foreign-messages.js';
import { countMessages, showLag } from '../metrics/bus-metrics.js';
import type { ServiceSettings } from '../settings/config.js';
import { openRelay } from './command-handler.js';
import { expiryOf } from './expiry.js';
import { closingOf, createApp } from './http-app.js';
import { openInfrastructure } from './infrastructure.js';
import { InstallationWatch, type Watched } from '../installation/installation-watch.js';
import { showSkew } from '../installation/skew.js';
import { StoreClock } from '../installation/store-clock.js';
import { createLog } from '../log/log.js';
import { readinessOf } from './readiness.js';
import type { Service, ServiceContext, Serving } from './service.js';
import { Metrics } from '../metrics/metrics.js';
import { openTracing } from '../tracing/open-tracing.js';
import type { Tracing } from '../tracing/tracing.js';
import { BusTransport } from '../transport/bus-transport.js';
import { Retention } from './retention.js';

const dayMs = 24 * 3_600_000;

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
  const counted = countMessages(metrics);
  const observer: BusObserver = {
    ...counted,
    published(topic) {
      counted.published(topic);
      installation.published(topic);
    },
  };
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
    publisher: {
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

const watched = ({ name, records, mayRecover = true }: Service): Watched => ({
  name,
  mayRecover,
  hasRecords: async () => ((await records?.find({ filter: {}, sort: [], limit: 1 })) ?? []).length > 0,
});
