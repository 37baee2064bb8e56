import type { KafkaClient } from '../kafka-client.js';
import type { KafkaServers } from './kafka-servers.js';

export type KafkaClientName = 'kafkajs' | 'platformatic';

/** Loads no other client than the one that is asked for. */
export async function kafkaClient(name: KafkaClientName, servers: KafkaServers): Promise<KafkaClient> {
  if (name === 'kafkajs') return (await import('../kafkajs/kafkajs-client.js')).kafkajsClient(servers);
  return (await import('../platformatic/platformatic-client.js')).platformaticClient(servers);
}
