import { authSettings } from '@countersign/auth';
import { ConfigError } from '@countersign/contracts';
import { environmentValue } from '@countersign/definitions';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { admissionSettings } from './admission/settings.js';
import { kafkaSecuritySettings } from './kafka-security.js';

export { ConfigError };

/** At the root of the workspace, as far from `src` as from `dist`. */
const definitionsFile = fileURLToPath(new URL('../../../countersign.yaml', import.meta.url));

const flag = z.stringbool();
const seconds = z.coerce.number().positive().max(86_400);
const port = z.coerce.number().int().min(0).max(65_535);

/** What every service can be told by its environment. An empty variable counts as unset. */
export const serviceSettings = {
  HOST: z.string().default('127.0.0.1').meta({ description: 'Address to listen on.' }),
  DATA_DIR: z.string().default('.countersign').meta({ description: 'Where embedded data is kept.' }),
  COUNTERSIGN_CONFIG: z
    .string()
    .default(definitionsFile)
    .meta({ description: 'The file that declares agents and tools. Unset: countersign.yaml of this project.' }),
  KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d+$/, 'must be host:port, several separated by commas')))
    .optional()
    .meta({ description: 'Kafka, as host:port,host:port. Unset: the embedded log.' }),
  KAFKA_CREATE_TOPICS: flag.default(true).meta({ description: 'Whether to create topics that are missing.' }),
  KAFKA_PARTITIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(6)
    .meta({ description: 'Of a topic it creates.' }),
  KAFKA_REPLICATION_FACTOR: z.coerce
    .number()
    .int()
    .min(1)
    .max(9)
    .default(1)
    .meta({ description: 'Of a topic it creates.' }),
  KAFKA_SESSION_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(5)
    .max(300)
    .default(10)
    .meta({ description: 'How long an instance that crashed keeps its partitions to itself.' }),
  ...kafkaSecuritySettings,
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://')
    .optional()
    .meta({ description: 'MongoDB, with the database as its path. Unset: the embedded store.', secret: true }),
  LEASE_SECONDS: seconds.default(30).meta({ description: 'How long a worker that says nothing keeps its work.' }),
  SHUTDOWN_GRACE_SECONDS: seconds.default(20).meta({ description: 'How long a stop waits for work under way.' }),
  RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(36_500)
    .default(90)
    .meta({ description: 'How long what has served its purpose is kept. Runs, approvals and executions always are.' }),
  ...authSettings,
  RATE_LIMIT_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(0)
    .default(60_000)
    .meta({ description: 'Requests of one address; 0 for no limit.' }),
  ...admissionSettings,
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
};

/** The settings that may stand in a file of their own, by the name of the setting that names it. */
export const secretFiles = (schema: z.ZodObject): Map<string, string> =>
  new Map(
    Object.entries(schema.shape as Record<string, z.ZodType>)
      .filter(([, setting]) => setting.meta()?.['secret'] === true)
      .map(([name]) => [`${name}_FILE`, name]),
  );

function secretsIn(schema: z.ZodObject, env: Record<string, string | undefined>): Record<string, string> {
  const problems: string[] = [];
  const found = [...secretFiles(schema)].flatMap(([file, name]) => {
    if (!env[file]) return [];
    try {
      return [[name, environmentValue(name, env)!]];
    } catch (error) {
      problems.push((error as Error).message);
      return [];
    }
  });
  if (problems.length > 0)
    throw new ConfigError(`The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`);
  return Object.fromEntries(found) as Record<string, string>;
}

export const portSetting = (preset: number) => port.default(preset).meta({ description: 'Port to listen on.' });

export type ServiceSettings = z.infer<z.ZodObject<typeof serviceSettings>> & { PORT: number };

/**
 * Reads a configuration. A setting that is marked as a secret may also stand in the file that `NAME_FILE` names.
 *
 * @throws ConfigError naming every problem at once.
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: Record<string, string | undefined>): z.infer<S> {
  const given = { ...env, ...secretsIn(schema, env) };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new ConfigError(`The configuration has ${problems.length} problem(s):\n${problems.join('\n')}`);
}
