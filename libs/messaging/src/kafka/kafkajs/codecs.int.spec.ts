import type {} from '@countersign/infra';
import kafkajs from 'kafkajs';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, test, vi } from 'vitest';
import { quiet } from '../../../test/bus.contract.js';
import { clientOf } from '../../../test/client.js';
import { KafkaBus } from '../kafka-bus.js';
import { useCodecs } from './codecs.js';

const brokers = inject('kafkaBrokers')?.split(',') ?? [];
const { CompressionCodecs, CompressionTypes, Kafka, Partitioners } = kafkajs;

describe.skipIf(brokers.length === 0)('what other producers compress', () => {
  const kafka = new Kafka({ brokers: brokers.length > 0 ? brokers : ['none'], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  beforeAll(() => Promise.all([admin.connect(), producer.connect()]));
  afterAll(() => Promise.all([admin.disconnect(), producer.disconnect()]));

  const values = ['', 'a', 'Übertragung 💳', 'long '.repeat(30_000), randomBytes(40_000).toString('hex')];
  /** @param type what the broker, which is Java's own code, stores batches as. */
  const createTopic = async (type: string) => {
    const topic = `codecs-${type}-${randomUUID()}`;
    const configEntries = [{ name: 'compression.type', value: type }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
    return topic;
  };
  const read = async (topic: string) => {
    const client = clientOf({ clientId: 'codecs', brokers, log: quiet });
    const options = { clientId: 'codecs', partitions: 3, replicationFactor: 1, createTopics: true };
    const bus = new KafkaBus({ client, topics: [topic], log: quiet, onFatal: console.error, ...options });
    onTestFinished(() => bus.close());
    const got: string[] = [];
    bus.subscribe({ group: topic, topics: [topic], handle: async ({ value }) => void got.push(value!.toString()) });
    await vi.waitFor(() => expect(got).toHaveLength(values.length + 1), { timeout: 20_000 });
    return got;
  };

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('with %s is read, as Java writes it', async (type) => {
    const topic = await createTopic(type);
    await producer.send({ topic, messages: values.map((value) => ({ value })) });
    await producer.send({ topic, messages: [{ value: 'after' }] });
    expect(await read(topic)).toEqual([...values, 'after']);
  });
});

interface Codec {
  decompress(bytes: Buffer): Promise<Buffer>;
}
const codecOf = (type: number): Codec => {
  useCodecs();
  return (CompressionCodecs as Record<number, () => Codec>)[type]!();
};

test('snappy is read without the frames of Java as well, as librdkafka writes it', async () => {
  // A length, the tag of a literal of three bytes, and a copy of all of them.
  const block = Buffer.from([6, (3 - 1) << 2, ...Buffer.from('abc'), ((3 - 1) << 2) | 2, 3, 0]);
  expect((await codecOf(CompressionTypes.Snappy).decompress(block)).toString()).toBe('abcabc');
});

test.each([CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD])(
  'what codec %i cannot read is an error',
  async (type) => {
    await expect(codecOf(type).decompress(Buffer.from('no batch'))).rejects.toThrow();
  },
);
