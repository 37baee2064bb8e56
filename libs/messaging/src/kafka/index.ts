export { KafkaBus } from './kafka-bus.js';
export { kafkajsClient, type KafkaSecurity } from './kafkajs/kafkajs-client.js';
export { prefixedClient } from './prefixed-client.js';
export { missingTopics } from './topics.js';
export { unsafeSettings } from './topic-settings.js';
