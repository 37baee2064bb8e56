import { catalogue, eventSource, type Event, type EventName, type ServiceName } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { secondsOf } from '@countersign/contracts/time';
import { encode, neverPublished } from '@countersign/messaging';
import {
  CommandHandler,
  OutboxRelay,
  type CommandHandlerOptions,
  type Collection,
  type Decide,
  type Owned,
  type Store,
  type StoredRecord,
} from '@countersign/persistence';
import type { ServiceContext } from './service.js';

export interface CommandHandlerDefinition<R extends Owned, M, C extends string> {
  service: ServiceName;
  collection: Collection<R>;
  decide: Decide<R, M, C>;
  beforeCommit?: CommandHandlerOptions<R, M>['beforeCommit'];
  /** Is shown what each commit here leaves to publish, before it is in the log. */
  onCommit?(events: readonly Event[]): void;
  /**
   * Ends what would wait for an event that the log never takes; it is asked again until it has.
   *
   * @returns `superseded` when another event says otherwise: the dead letter has no data then, so that nobody acts on it
   */
  onNeverPublished?(event: Event, error: TerminalError): Promise<unknown>;
}

type RelayDefinition = Pick<CommandHandlerDefinition<never, never, never>, 'service' | 'onNeverPublished'>;

/** A collection, with the relay that brings its events to the bus. */
export function openRelay<R extends StoredRecord>(
  { bus, database, log, metrics, now }: Pick<ServiceContext, 'bus' | 'database' | 'log' | 'metrics' | 'now'>,
  collection: Collection<R>,
  { service, onNeverPublished }: RelayDefinition,
): { store: Store<R>; relay: OutboxRelay } {
  const { store, outbox } = database.collection(collection);
  const publish = (events: readonly Event[]) => bus.publish(events.map(encode));
  async function giveUp(event: Event, error: TerminalError): Promise<void> {
    const isSuperseded = (await onNeverPublished?.(event, error)) === 'superseded';
    const withoutData = { ...event, data: {} } as Event;
    for (const kept of isSuperseded ? [withoutData] : [event, withoutData]) {
      try {
        return await bus.publish([neverPublished(kept, { service, error })]);
      } catch (problem) {
        // What is too large for its own topic may be so for this one too; then it is put aside without its data.
        if (!(problem instanceof TerminalError)) throw problem;
        log.error({ err: problem, event: event.id }, 'cannot publish the dead letter');
      }
    }
  }
  const relay = new OutboxRelay({ outbox, publish, giveUp, log, now, isUrgent: ({ type }) => isAwaited(type) });
  metrics.levels(
    {
      name: 'countersign_outbox_oldest_seconds',
      help: 'How long the oldest event waits that is stored and not in the log yet, as far as this process knows.',
      labels: ['collection'],
    },
    () => {
      const waits = relay.oldest === undefined ? 0 : now() - relay.oldest;
      return [{ labels: { collection: collection.name }, value: secondsOf(Math.max(0, waits)) }];
    },
  );
  return { store, relay };
}

/** The records a service owns, with the relay that brings their events to the bus. */
export function openCommandHandler<R extends Owned, M, C extends string>(
  context: ServiceContext,
  { service, collection, decide, beforeCommit, onCommit, onNeverPublished }: CommandHandlerDefinition<R, M, C>,
): { commandHandler: CommandHandler<R, M, C>; relay: OutboxRelay } {
  const { now, tracing } = context;
  const { store, relay } = openRelay(context, collection, { service, ...(onNeverPublished && { onNeverPublished }) });
  const commandHandler = new CommandHandler<R, M, C>({
    collection,
    store,
    decide,
    source: eventSource(service),
    now,
    publish(events) {
      relay.push(events);
      onCommit?.(events);
    },
    ...(beforeCommit && { beforeCommit }),
    trace: tracing.current,
  });
  return { commandHandler, relay };
}

/** Whether a service acts on it; the others are for whoever reads along. */
const isAwaited = (type: EventName): boolean =>
  catalogue[type].to.some((party) => party !== 'audit' && party !== 'anyone');
