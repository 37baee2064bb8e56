export type { Bus, Delivery, Handler, Message, ReadOptions, Subscription, TailOptions } from './bus.js';
export { SqliteBus } from './sqlite/sqlite-bus.js';
export { decode, encode, type EventHead, identify, messageOf } from './events/cloudevents.js';
export { type DeadLetter, deadLetterTopic, neverPublished, originalOf } from './delivery/dead-letters.js';
export { installationBus, type InstallationBusOptions } from './delivery/installation-bus.js';
export type { BusObserver } from './delivery/observer.js';
