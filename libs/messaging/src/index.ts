export type { Bus, Delivery, FollowOptions, Handler, Message, Subscription } from './bus.js';
export { KafkaBus, type KafkaBusOptions } from './bus.kafkajs.js';
export { type KafkaSecurity, missingTopics } from './bus.kafkajs.client.js';
export { SqliteBus } from './bus.sqlite.js';
export { decode, encode } from './cloudevents.js';
export { type DeadLetter, deadLetterTopic, originalOf } from './dead-letters.js';
export type { BusObserver } from './observer.js';
export { BusTransport } from './nest-transport.js';
export { OnEvent } from './on-event.js';
