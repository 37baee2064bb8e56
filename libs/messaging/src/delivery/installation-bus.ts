import type { Bus, Delivery, Message } from '../bus.js';

const source = 'ce_source';
/** A source of a service: with the name of its installation before its own, where it has one. */
const ofService = /^\/countersign\/(?:([^/]+)\/)?([^/]+)$/;

export interface InstallationBusOptions {
  /** The name of this installation; empty where it has none, and then everything is taken. */
  installation: string;
  /** Topics whose messages come from services of an installation, and not from anybody. */
  topics: ReadonlySet<string>;
  /** A message of another installation was skipped. */
  onForeign(about: { topic: string; installation: string }): void;
}

/**
 * The log for one of several installations that write to the same topics by mistake: what it publishes says whose it is,
 * and what another says is its own is skipped, as if it were not there. A message that names no installation is taken
 * like any other, and what is taken is verified as always: the name only ever leads to doing less.
 */
export function installationBus(bus: Bus, { installation, topics, onForeign }: InstallationBusOptions): Bus {
  if (installation === '') return bus;

  const ours = (message: Message): Message => {
    const [, whose, service] = ofService.exec(message.headers[source] ?? '') ?? [];
    if (service === undefined || whose !== undefined) return message;
    return { ...message, headers: { ...message.headers, [source]: `/countersign/${installation}/${service}` } };
  };
  const isForeign = ({ topic, headers }: Delivery): boolean => {
    const [, whose] = topics.has(topic) ? (ofService.exec(headers[source] ?? '') ?? []) : [];
    if (whose === undefined || whose === installation) return false;
    onForeign({ topic, installation: whose });
    return true;
  };

  return {
    publish: (messages) => bus.publish(messages.map(ours)),
    subscribe: ({ handle, ...options }) =>
      bus.subscribe({ ...options, handle: async (delivery) => (isForeign(delivery) ? undefined : handle(delivery)) }),
    tail: ({ handle, ...options }) =>
      bus.tail({ ...options, handle: (delivery) => (isForeign(delivery) ? undefined : handle(delivery)) }),
    read: ({ take, ...options }) =>
      bus.read({ ...options, take: (deliveries) => take(deliveries.filter((delivery) => !isForeign(delivery))) }),
    history: (options) => bus.history(options),
    lag: (options) => bus.lag(options),
    ping: () => bus.ping(),
    close: () => bus.close(),
  };
}
