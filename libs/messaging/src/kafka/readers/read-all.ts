import type { Log } from '@countersign/contracts';
import type { Millis } from '@countersign/contracts/time';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Delivery, ReadOptions } from '../../bus.js';
import { KafkaConsumer } from '../consumer.js';
import type { KafkaClient } from '../kafka-client.js';

const atOnce = 500;
/** Fetched and not taken yet: beyond that a partition waits until half of these are left. */
const maxWaiting = 5_000;
const fetchWaitMs = 500;
/** After so long without a message the rest is not to be had. */
const silentMs = 30_000;

interface Options {
  client: KafkaClient;
  clientId: string;
  sessionTimeoutMs: Millis;
  ready: Promise<void>;
  log: Log;
  onFatal: (error: Error) => void;
}

/** @see Bus.read */
export async function readAll(options: Options, { topics, take }: ReadOptions): Promise<void> {
  await options.ready;
  const there = new Set(await options.client.topics());
  const offsets = await options.client.offsets(topics.filter((topic) => there.has(topic)));
  /** Of each partition that is not read to its end the offset where it ends. */
  const ends = new Map(offsets.flatMap(({ low, high, ...at }) => (low < high ? [[placeOf(at), high] as const] : [])));
  if (ends.size === 0) return;
  const next = new Map<string, number>();
  const paused = new Map<string, () => void>();
  let waiting: Delivery[] = [];
  let lastAt = Date.now();
  const consumer: KafkaConsumer = new KafkaConsumer({
    ...options,
    group: `${options.clientId}-read-${randomUUID()}`,
    topics: [...new Set(offsets.map(({ topic }) => topic))],
    from: 'beginning',
    fetchWaitMs,
    leavesFirst: false,
    // A fresh session begins anew, and knows of no pause.
    onAssigned: () => paused.clear(),
    records: (deliveries) => {
      lastAt = Date.now();
      for (const delivery of deliveries) {
        const [place, offset] = [placeOf(delivery), Number(delivery.offset)];
        if (offset < (next.get(place) ?? 0) || offset >= (ends.get(place) ?? 0)) continue;
        next.set(place, offset + 1);
        waiting.push(delivery);
        if (waiting.length <= maxWaiting || paused.has(place)) continue;
        const resume = consumer.pause(delivery.topic, delivery.partition);
        if (resume) paused.set(place, resume);
      }
    },
  });
  const isRead = () => [...ends].every(([place, end]) => (next.get(place) ?? 0) >= end);
  try {
    while (waiting.length > 0 || !isRead()) {
      if (waiting.length > 0) {
        const some = waiting.slice(0, atOnce);
        waiting = waiting.slice(atOnce);
        await take(some);
        lastAt = Date.now();
      } else {
        if (Date.now() - lastAt > silentMs) throw new Error('the log did not give all of its messages: try again');
        await delay(10);
      }
      if (waiting.length > maxWaiting / 2) continue;
      for (const resume of paused.values()) resume();
      paused.clear();
    }
  } finally {
    await consumer.close();
  }
}

const placeOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;
