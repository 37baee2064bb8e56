import type { Event } from '@countersign/contracts';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import { decode, type Bus, type Delivery } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { History, topicsOfHistory, type Proofs } from './history.js';

/** So many messages are in memory at once, however long a log is. */
const atOnce = 20_000;

interface ReadOptions {
  proofs: Proofs;
  until?: EpochMillis | undefined;
  /** How many messages each part of the runs has, about; default: as fit into memory. */
  messagesAtOnce?: number;
  /** Told now and then how much is read, from 0 to 1. */
  progress?: ((share: number) => void) | undefined;
}

/** What a log says of some of the runs, and of all that belongs to them. */
export interface Part {
  history: History;
  messages: number;
  unreadable: number;
}

/**
 * What a log has now, a part of the runs after the other: it is read as often as there are parts, and of each time only the messages of one part
 * are kept. The key of a message says of which run it is; one that says two things is not believed.
 *
 * @throws when the log does not give all that it has
 */
export async function* readLog(bus: Pick<Bus, 'lag' | 'read'>, options: ReadOptions): AsyncGenerator<Part> {
  const { proofs, until, messagesAtOnce = atOnce, progress } = options;
  // Nobody is in this group, and joins it: all that is there lies before it.
  const lags = await bus.lag({ group: `countersign-rebuild-${randomUUID()}`, topics: topicsOfHistory });
  const parts = Math.max(1, Math.ceil(lags.reduce((sum, { messages }) => sum + messages, 0) / messagesAtOnce));
  const all = parts * lags.reduce((sum, { messages }) => sum + messages, 0);
  let read = 0;
  for (let n = 0; n < parts; n++) {
    const part: Part = { history: new History(proofs, until), messages: 0, unreadable: 0 };
    await bus.read({
      topics: topicsOfHistory,
      take: async (deliveries) => {
        progress?.(Math.min(1, (read += deliveries.length) / all));
        const own = deliveries.filter(({ key }) => partOf(key ?? '', parts) === n);
        part.messages += own.length;
        await Promise.all(own.map((delivery) => take(part, delivery)));
      },
    });
    yield part;
  }
}

async function take(part: Part, delivery: Delivery): Promise<void> {
  const event = readable(delivery);
  if (!event) part.unreadable += 1;
  else if ((event.data as { run_id: string }).run_id === delivery.key)
    await part.history.take(event, atMillis(delivery.timestamp));
  else part.history.refuse({ event: event.type, id: event.id, reason: 'Its key is not its run.' });
}

function readable(delivery: Delivery): Event | undefined {
  try {
    return decode(delivery);
  } catch {
    return undefined;
  }
}

/** The same for the same key, and about as many keys in each. */
function partOf(key: string, parts: number): number {
  let hash = 2_166_136_261;
  for (let n = 0; n < key.length; n++) hash = Math.imul(hash ^ key.charCodeAt(n), 16_777_619);
  return (hash >>> 0) % parts;
}
