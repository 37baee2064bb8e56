import type { KafkaServers } from '../src/kafka/clients/kafka-servers.js';
import type { KafkaClient } from '../src/kafka/kafka-client.js';

/** What tests on a broker use: kafkajs, unless KAFKA_CLIENT says otherwise. */
export const clientOf: (servers: KafkaServers) => KafkaClient =
  process.env['KAFKA_CLIENT'] === 'platformatic'
    ? (await import('../src/kafka/platformatic/platformatic-client.js')).platformaticClient
    : (await import('../src/kafka/kafkajs/kafkajs-client.js')).kafkajsClient;
