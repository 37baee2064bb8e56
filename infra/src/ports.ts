/** Where the local servers listen unless the environment says otherwise: the usual ports of Kafka and MongoDB. */
export const presets = { KAFKA_PORT: 9092, MONGODB_PORT: 27017 };

/** The port that the environment sets under this name; undefined when it sets none. @throws when it is no port */
export function portIn(env: Record<string, string | undefined>, name: keyof typeof presets): number | undefined {
  const text = env[name];
  if (!text) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new Error(`${name} must be a port from 1 to 65535, and is "${text}".`);
  return port;
}
