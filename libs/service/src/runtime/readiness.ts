import type { Configuration } from '../configuration/configuration.js';
import { checkDescriptors } from '../admission/descriptors.js';
import { Readiness, type ReadinessCheck } from '../http/health.controller.js';
import type { InstallationWatch } from '../installation/installation-watch.js';
import { checkSkew } from '../installation/skew.js';
import type { StoreClock } from '../installation/store-clock.js';
import type { ForeignMessages } from '../metrics/foreign-messages.js';
import type { BusTransport } from '../transport/bus-transport.js';
import type { Infrastructure } from './infrastructure.js';
import type { Service } from './service.js';

/** What has to be in order before a process is sent work, in the order in which it is reported. */
export function readinessOf(
  { bus, database }: Pick<Infrastructure, 'bus' | 'database'>,
  services: readonly Pick<Service, 'name' | 'checks'>[],
  transports: readonly Pick<BusTransport, 'joined'>[],
  {
    installation,
    configuration,
    clock,
    foreign,
  }: {
    installation: Pick<InstallationWatch, 'check'>;
    configuration: Pick<Configuration, 'check'>;
    clock: StoreClock | undefined;
    /** Where the installation has a name. */
    foreign?: Pick<ForeignMessages, 'check'>;
  },
): Readiness {
  const checks: ReadinessCheck[] = [
    { name: 'store', check: () => database.ping() },
    { name: 'log', check: () => bus.ping() },
    { name: 'descriptors', check: checkDescriptors },
    { name: 'installation', check: () => installation.check() },
    { name: 'configuration', check: () => configuration.check() },
    ...(foreign ? [{ name: 'other-installations', degrades: true as const, check: () => foreign.check() }] : []),
    ...(clock ? [{ name: 'clock', degrades: true as const, check: async () => checkSkew(clock) }] : []),
    ...transports.map((transport, n) => ({
      name: services[n]!.name,
      check: async () => {
        if (!transport.joined) throw new Error('has not joined its consumer group yet');
      },
    })),
    ...services.flatMap(({ checks = [] }) => checks),
  ];
  return new Readiness(checks);
}
