import { toEpochMillis, toEpochSeconds, type Millis } from '@countersign/contracts/time';
import type { RetentionPolicy, Store } from '@countersign/persistence';
import type { CheckpointRecord } from './checkpoint.js';

const dayMs: Millis = 86_400_000;
const atOnce = 100;

/**
 * Of checkpoints that are a day old the last of each day stays: each was published, and says of the record what a later
 * one says too. The largest of all stays, since the record is compared with it.
 */
export const checkpointRetention = (store: Pick<Store<CheckpointRecord>, 'find' | 'remove'>): RetentionPolicy => ({
  name: 'checkpoints',
  ttlMs: dayMs,
  async *purgeBefore(time) {
    const created_at = { lt: toEpochSeconds(time) };
    for (let from = 0; ;) {
      const filter = { size: { gte: from }, created_at };
      const found = await store.find({ filter, sort: [['size', 'asc']], limit: atOnce });
      // The last of these is looked at again, beside the one that follows it.
      const superseded = found.filter((each, n) => n + 1 < found.length && dayOf(each) === dayOf(found[n + 1]!));
      if (superseded.length > 0)
        yield await store.remove({ id: { in: superseded.map(({ id }) => id) } }, superseded.length);
      if (found.length < atOnce) return;
      from = found.at(-1)!.size;
    }
  },
});

const dayOf = ({ created_at }: CheckpointRecord): number => Math.floor(toEpochMillis(created_at) / dayMs);
