import { eventsTo, type ServiceName } from '@countersign/contracts';
import type { Bus, BusObserver } from '@countersign/messaging';
import type { Metrics } from './metrics.js';

/** Counts what goes through the bus of this process. */
export function countMessages(metrics: Metrics): BusObserver {
  const published = metrics.counter({
    name: 'countersign_events_published_total',
    help: 'Events that this process has published.',
    labels: ['type'],
  });
  const handled = metrics.counter({
    name: 'countersign_messages_handled_total',
    help: 'Messages delivered to this process: handled, failed (redelivered), or dead_letter.',
    labels: ['group', 'topic', 'outcome'],
  });
  const deadLetters = metrics.counter({
    name: 'countersign_dead_letters_total',
    help: 'Messages that this process dead-lettered, by topic.',
    labels: ['topic'],
  });
  const assignments = metrics.counter({
    name: 'countersign_consumer_assignments_total',
    help: 'Times that this process was given partitions of a group: when it joined, and whenever a member came or went.',
    labels: ['group'],
  });
  return {
    assigned: (group) => assignments.add({ group }),
    published: (type) => published.add({ type }),
    delivered({ group, topic, outcome }) {
      handled.add({ group, topic, outcome });
      if (outcome === 'dead_letter') deadLetters.add({ topic });
    },
  };
}

/** Shows what the groups of these services have not handled yet. */
export function showLag(metrics: Metrics, bus: Pick<Bus, 'lag'>, services: readonly ServiceName[]): void {
  for (const group of services)
    metrics.levels(
      {
        name: 'countersign_consumer_lag_messages',
        help: 'Messages that a group has not handled yet. Of all instances.',
        labels: ['group', 'topic'],
      },
      async () =>
        (await bus.lag({ group, topics: eventsTo(group) })).map(({ topic, messages }) => ({
          labels: { group, topic },
          value: messages,
        })),
    );
}
