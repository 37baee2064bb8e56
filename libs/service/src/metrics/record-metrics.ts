import type { Filter, Store, StoredRecord } from '@countersign/persistence';
import type { Metrics } from './metrics.js';

interface StatusDefinition<R> {
  name: string;
  help: string;
  /** The groups to count; an index begins with the status. */
  statuses: readonly string[];
  /** What else a record must be to count. */
  where?: Filter<R>;
}

/** Shows how many records there are in each of these statuses, whichever instance works on them. */
export function countRecords<R extends StoredRecord & { status: string }>(
  metrics: Metrics,
  store: Pick<Store<R>, 'count'>,
  { name, help, statuses, where = {} }: StatusDefinition<R>,
): void {
  metrics.levels({ name, help: `${help} Of all instances.`, labels: ['status'] }, () =>
    Promise.all(
      statuses.map(async (status) => ({
        labels: { status },
        value: await store.count({ ...where, status } as Filter<R>),
      })),
    ),
  );
}

/** Counts leases that ran out and whose work another worker took on. @returns what to call for each */
export function countTakeovers(metrics: Metrics, records: string): () => void {
  const takeovers = metrics.counter({
    name: 'countersign_lease_takeovers_total',
    help: 'Leases that ran out: work of a worker that ended, was halted or lost the store, which this process took on.',
    labels: ['records'],
  });
  return () => takeovers.add({ records });
}
