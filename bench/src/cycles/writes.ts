import type { Event } from '@countersign/contracts';
import { encode, type Bus, type Message } from '@countersign/messaging';
import type { Database, Outbox, Store } from '@countersign/persistence';
import type { Recording } from './recording.js';

/** The n-th write of a record, as recorded but for its ids, and its messages. */
export type Write = (n: number, run_id: string, id: string) => Promise<void>;

/** Repeats the writes of a collection, of which there are so many in a cycle, and sends what they tell. */
export function writerOf(
  { collections }: Recording,
  { bus, database }: { bus: Bus; database: Database },
  name: string,
  writes: number,
): Write {
  const { collection, commits } = collections.get(name)!;
  if (commits.length !== writes) throw new Error(`${commits.length} writes of ${name} in a cycle, not ${writes}`);
  const { store, outbox } = database.collection(collection);
  const forget = forgetter(outbox);
  const messages = commits.map(({ events }) => events.map(encode));
  return async (n, run_id, id) => {
    const commit = commits[n]!;
    const state = { ...commit.state, run_id, [collection.key]: id };
    const events = commit.events.map((event) => ({ ...event, key: run_id, subject: `${name}/${id}` }));
    const unpublished = await (store as Store<typeof state>).commit({ ...commit, state, events });
    if (unpublished.length > 0) void publish(bus, messages[n]!, run_id).then(() => forget(events));
  };
}

const publish = (to: Bus, messages: readonly Message[], key: string): Promise<void> =>
  to.publish(messages.map((message) => ({ ...message, key })));

/** Takes published events out of the outbox, all of those that came while the last were taken out. */
function forgetter(outbox: Outbox): (events: readonly Event[]) => void {
  let waiting: Event[] = [];
  let busy = false;
  return (events) => {
    waiting.push(...events);
    if (busy) return;
    busy = true;
    void (async () => {
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        await outbox.markPublished(batch);
      }
      busy = false;
    })();
  };
}
