import { ReadConcern, type DbOptions, type MongoClientOptions } from 'mongodb';

/** What holds for a connection unless its URI says something else: an outage is an answer within seconds. */
const defaults = {
  appName: 'countersign',
  serverSelectionTimeoutMS: 3_000,
  connectTimeoutMS: 3_000,
  heartbeatFrequencyMS: 3_000,
  waitQueueTimeoutMS: 3_000,
  socketTimeoutMS: 10_000,
} satisfies MongoClientOptions;

export function clientOptions(uri: string): MongoClientOptions {
  const [, query = ''] = uri.split('?');
  const inUri = new Set([...new URLSearchParams(query).keys()].map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !inUri.has(name.toLowerCase())));
}

/**
 * What no URI can change: what was acknowledged, and read for a decision, is not rolled back when a primary fails, and
 * what is read is what was written.
 */
export const pinned: DbOptions = {
  readPreference: 'primary',
  readConcern: new ReadConcern('majority'),
  writeConcern: { w: 'majority', journal: true },
  ignoreUndefined: true,
  promoteBuffers: false,
  promoteLongs: true,
  promoteValues: true,
  bsonRegExp: false,
  enableUtf8Validation: true,
  raw: false,
  useBigInt64: false,
};
