import type { Consumer, KafkaRecord, RecordsBatch } from '@platformatic/kafka';
import type { Delivery } from '../../bus.js';
import { headersOf, timeOf } from '../clients/record.js';

type FetchedPartition = Awaited<ReturnType<Consumer['fetch']>>['responses'][number]['partitions'][number];

const logAppendTime = 1 << 3;
const transactional = 1 << 4;
const control = 1 << 5;

/** What a fetch brought of a partition from an offset on, without what was taken back by its producer. */
export function deliveriesIn(topic: string, fetched: FetchedPartition, from: bigint): Delivery[] {
  return committedBatches(fetched).flatMap((batch) =>
    batch.records
      .filter(({ offsetDelta }) => batch.firstOffset + BigInt(offsetDelta) >= from)
      .map((record) => toDelivery(topic, fetched.partitionIndex, batch, record)),
  );
}

/** Where to read on after it, or undefined when it brought nothing. */
export function endOf({ records }: FetchedPartition): bigint | undefined {
  const last = records?.at(-1);
  return last && last.firstOffset + BigInt(last.lastOffsetDelta) + 1n;
}

/** The client's own filter knows one aborted transaction of each producer, and none that ends after this fetch. */
function committedBatches({ records, abortedTransactions }: FetchedPartition): RecordsBatch[] {
  const begun = (abortedTransactions ?? []).toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  const aborted = new Set<bigint>();
  return (records ?? []).filter((batch) => {
    const { firstOffset, lastOffsetDelta, attributes, producerId } = batch;
    while (begun[0] && begun[0].firstOffset <= firstOffset + BigInt(lastOffsetDelta))
      aborted.add(begun.shift()!.producerId);
    if (attributes & control) {
      aborted.delete(producerId);
      return false;
    }
    return !(attributes & transactional && aborted.has(producerId));
  });
}

function toDelivery(topic: string, partition: number, batch: RecordsBatch, record: KafkaRecord): Delivery {
  const { firstOffset, firstTimestamp, maxTimestamp, attributes } = batch;
  const timestamp = attributes & logAppendTime ? maxTimestamp : firstTimestamp + record.timestampDelta;
  return {
    topic,
    key: record.key === null ? null : record.key.toString(),
    headers: headersOf(record.headers.map(([name, value]) => [String(name ?? ''), value])),
    value: record.value,
    partition,
    offset: String(firstOffset + BigInt(record.offsetDelta)),
    timestamp: timeOf(timestamp),
  };
}
