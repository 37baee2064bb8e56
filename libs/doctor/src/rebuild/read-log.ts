import type { Event } from '@countersign/contracts';
import { atMillis, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { decode, type Bus, type Delivery } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** More than a topic ever has. */
const all = 1_000_000_000;
/** After so long without a message the rest is not to be had. */
const silentMs: Millis = 30_000;

/**
 * Hands over all that a log has of these topics now. It joins no group that would be left behind, so it says when not all came.
 *
 * @returns how many messages there were, and how many of them could not be read
 * @throws when the log ends before its end
 */
export async function readLog(
  bus: Pick<Bus, 'lag' | 'tail'>,
  topics: readonly string[],
  take: (event: Event, at: EpochMillis) => Promise<void>,
): Promise<{ messages: number; unreadable: number }> {
  // Nobody is in it: all that is there lies before it.
  const lags = await bus.lag({ group: `countersign-rebuild-${randomUUID()}`, topics });
  const messages = lags.reduce((sum, lag) => sum + lag.messages, 0);
  if (messages === 0) return { messages, unreadable: 0 };
  const places = new Map<string, number>();
  let [seen, unreadable, lastAt] = [0, 0, Date.now()];
  let taken = Promise.resolve();
  const handle = (delivery: Delivery): void => {
    const [place, offset] = [`${delivery.topic}/${delivery.partition}`, Number(delivery.offset)];
    if (offset <= (places.get(place) ?? -1)) return;
    places.set(place, offset);
    seen += 1;
    lastAt = Date.now();
    const event = readable(delivery);
    if (!event) unreadable += 1;
    else taken = taken.then(() => take(event, atMillis(delivery.timestamp)));
  };
  const tail = bus.tail({ topics, last: all, handle });
  try {
    while (seen < messages) {
      if (Date.now() - lastAt > silentMs)
        throw new Error(`the log gave ${seen} of its ${messages} messages: try again`);
      await delay(20);
    }
    await taken;
  } finally {
    taken.catch(() => {});
    await tail.close();
  }
  return { messages, unreadable };
}

function readable(delivery: Delivery): Event | undefined {
  try {
    return decode(delivery);
  } catch {
    return undefined;
  }
}
