export { KafkaBus } from './kafka-bus.js';
export type { KafkaSecurity, KafkaServers } from './clients/kafka-servers.js';
export { kafkaClient, type KafkaClientName } from './clients/kafka-clients.js';
export { prefixedClient } from './prefixed-client.js';
export { missingTopics } from './topics.js';
export { unsafeSettings } from './topic-settings.js';
