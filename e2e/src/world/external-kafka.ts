import { randomUUID } from 'node:crypto';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import { eventually } from './eventually.js';

/** What somebody outside does with Kafka: nothing of Countersign's code is used here. */
const connect = (brokers: string) =>
  new kafkajs.Kafka({ brokers: brokers.split(','), clientId: 'outsider', logLevel: kafkajs.logLevel.NOTHING });

export interface SeenMessage extends Pick<KafkaMessage, 'key' | 'value'> {
  topic: string;
  headers: Record<string, string>;
}

/** Everything on some topics, read until `enough`. */
export async function readTopics(
  brokers: string,
  topics: string[],
  enough: (seen: readonly SeenMessage[]) => boolean,
): Promise<SeenMessage[]> {
  const consumer = connect(brokers).consumer({ groupId: `outsider-${randomUUID()}` });
  const seen: SeenMessage[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ topic, message: { key, value, headers = {} } }) => {
        const texts = Object.entries(headers).map(([name, bytes]) => [name, String(bytes)]);
        seen.push({ topic, key, value, headers: Object.fromEntries(texts) as Record<string, string> });
      },
    });
    await eventually('an outsider to read the topics', async () => enough(seen));
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

/** Sends one message with nothing but a key and a value. */
export async function send(brokers: string, topic: string, key: string, data: object): Promise<void> {
  const producer = connect(brokers).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ key, value: JSON.stringify(data) }] });
  await producer.disconnect();
}

/** Makes the log forget groups, so that they start at its beginning again. Their members must be gone. */
export async function forgetGroups(brokers: string, groups: readonly string[]): Promise<void> {
  const admin = connect(brokers).admin();
  await admin.connect();
  try {
    await admin.deleteGroups([...groups]);
  } finally {
    await admin.disconnect();
  }
}

/** What an operator may do to topics. */
export function topicsOf(brokers: string) {
  const asAdmin = async <T>(work: (admin: kafkajs.Admin) => Promise<T>): Promise<T> => {
    const admin = connect(brokers).admin();
    await admin.connect();
    return work(admin).finally(() => admin.disconnect());
  };
  return {
    /** Removes every message that is in it now. */
    empty: (topic: string) =>
      asAdmin(async (admin) => {
        const partitions = await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({
          topic,
          partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
        });
      }),
    /** Messages larger than this are refused from then on. */
    limit: (topic: string, bytes: number) =>
      asAdmin((admin) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [
            {
              type: kafkajs.ConfigResourceTypes.TOPIC,
              name: topic,
              configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
            },
          ],
        }),
      ),
    delete: (topic: string) => asAdmin((admin) => admin.deleteTopics({ topics: [topic] })),
  };
}
