export { type Certificates, makeCertificates } from './certificates.js';
export { freePort } from './free-port.js';
export { InfraUnavailable, javaClassPath, stateDir } from './java-libraries.js';
export { startKafka, type KafkaServer } from './kafka.js';
export { startMongo, type MongoServer } from './mongo.js';
export { prepared } from './prepared.js';
export type { Server } from './server.js';
export type { ProvidedInfra } from './provided.js';
