import type { Log } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import type { Delivery, Handler, Message } from '../bus.js';
import { deadLetterOf, deadLetterTopic } from './dead-letters.js';
import type { BusObserver } from './observer.js';
import { Outage, retry } from './retry.js';

interface Policy {
  group: string;
  handle: Handler;
  /** Publishes a dead letter. */
  publish: (message: Message) => Promise<void>;
  log: Log;
  observer?: BusObserver | undefined;
}

/**
 * Sees one delivery through. True when it may be acknowledged: it was handled, or is safe among the dead letters.
 * False when the signal aborted first; then it has to be delivered again.
 */
export type Deliver = (delivery: Delivery, signal: AbortSignal) => Promise<boolean>;

/**
 * What becomes of a message is the same on every bus: a RetryableError is waited out in place, and any other error
 * makes it a dead letter, for which the log is waited out in the same way. Never throws.
 */
export function deliverer({ group, handle, publish, log, observer }: Policy): Deliver {
  const handling = new Outage(log, `handling messages for ${group}`);
  const deadLettering = new Outage(log, `publishing dead letters of ${group}`);

  return async (delivery, signal) => {
    try {
      await retry(() => attempt(delivery), { outage: handling, signal });
      observer?.delivered({ group, topic: delivery.topic, outcome: 'handled' });
      return true;
    } catch (error) {
      return signal.aborted ? false : deadLetter(delivery, error, signal);
    }
  };

  async function attempt(delivery: Delivery): Promise<void> {
    try {
      await handle(delivery);
    } catch (error) {
      if (error instanceof RetryableError) observer?.delivered({ group, topic: delivery.topic, outcome: 'failed' });
      throw error;
    }
  }

  async function deadLetter(delivery: Delivery, error: unknown, signal: AbortSignal): Promise<boolean> {
    const { topic, partition, offset } = delivery;
    log.error(
      { err: error, group, topic, partition, offset },
      'message failed permanently; moving it to the dead letters',
    );
    // A dead letter that cannot be handled stays where it is: publishing it again would go on for ever.
    if (topic === deadLetterTopic) return true;
    try {
      await retry(() => publish(deadLetterOf(delivery, { group, error, now: new Date() })), {
        outage: deadLettering,
        signal,
      });
    } catch (refusal) {
      if (signal.aborted) return false;
      log.error(
        { err: refusal, group, topic, partition, offset },
        'dead letter refused by the log; the original stays in its topic',
      );
    }
    observer?.delivered({ group, topic, outcome: 'dead_letter' });
    return true;
  }
}
