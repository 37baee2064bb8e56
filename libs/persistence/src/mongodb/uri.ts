import { createRequire } from 'node:module';

/** The database that a URI names in its path; `countersign` if it names none. */
export function databaseIn(uri: string): string {
  const path = /^[^/]+\/\/[^/?]+\/([^?]+)/.exec(uri)?.[1];
  return path === undefined ? 'countersign' : decodeURIComponent(path);
}

/** Why it is no connection string; undefined when it is one. Nothing is connected. */
export function problemInUri(uri: string): string | undefined {
  try {
    // Settings are read at once, and the driver is loaded by whoever has a URI only.
    const { MongoClient } = createRequire(import.meta.url)('mongodb') as typeof import('mongodb');
    new MongoClient(uri).db(databaseIn(uri));
    return undefined;
  } catch (error) {
    // There may be a password in the URI, and parts of the URI in what the driver says.
    const { message } = error as Error;
    return message.includes('@') || message.includes(uri) ? 'is no connection string of MongoDB' : message;
  }
}
