import { authSettings } from '@countersign/auth';
import { ConfigError } from '@countersign/contracts/problems';
import { environmentValue } from '@countersign/definitions';
import { problemInUri } from '@countersign/persistence';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { admissionSettings } from '../admission/settings.js';
import { serviceNameSetting, tracingSettings } from '../tracing/settings.js';
import { kafkaSecuritySettings } from './kafka-security.js';
import { kafkaSettings } from './kafka.js';

export { ConfigError };

/** At the root of the workspace, as far from `src` as from `dist`. */
const definitionsFile = fileURLToPath(new URL('../../../../countersign.yaml', import.meta.url));

const seconds = z.coerce.number().positive().max(86_400);
const port = z.coerce.number().int().min(0).max(65_535);

/** Settings of every service, by environment. An empty variable counts as unset. */
export const serviceSettings = {
  HOST: z.string().default('127.0.0.1').meta({ description: 'Address to listen on.', example: '0.0.0.0' }),
  DATA_DIR: z.string().default('.countersign').meta({
    description: 'Directory of the embedded log and store, and of the keys that are made for them.',
    example: '/var/lib/countersign',
  }),
  BACKUP_DIR: z.string().min(1).optional().meta({
    description: 'Where `countersign backup` copies embedded data to.',
    unset: '`backups` in `DATA_DIR`',
    example: '/var/backups/countersign',
  }),
  COUNTERSIGN_CONFIG: z.string().default(definitionsFile).meta({
    description: 'The file that declares agents, tools and rules.',
    unset: '`countersign.yaml` of this project',
    example: '/etc/countersign/countersign.yaml',
  }),
  ...kafkaSettings,
  ...kafkaSecuritySettings,
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, { error: 'must start with mongodb:// or mongodb+srv://', abort: true })
    .superRefine((uri, context) => {
      const message = problemInUri(uri);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .meta({
      description:
        'Connection string of MongoDB; docs/mongodb.md says which of its options count. The path names the database, `countersign` if there is none.',
      unset: 'the embedded store',
      example: 'mongodb://db:27017/countersign',
      secret: true,
    }),
  LEASE_SECONDS: seconds.default(30).brand<'Seconds'>().meta({
    description:
      'Duration of a lease. The work of a worker that does not renew its lease is claimed by another after it.',
    unit: 'seconds',
    example: '60',
  }),
  SHUTDOWN_GRACE_SECONDS: seconds.default(20).brand<'Seconds'>().meta({
    description: 'How long a stop waits for work in progress.',
    unit: 'seconds',
    example: '120',
  }),
  RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).default(90).meta({
    description:
      'How long settled dead letters, notifications, replies of other platforms and handled messages of the embedded log are kept.',
    unit: 'days',
    example: '30',
  }),
  RECORD_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(36_500)
    .refine((days) => days === 0 || days >= 30, 'has to be 30 or more, or 0')
    .default(0)
    .meta({
      description:
        'How long runs that are over, and approvals and executions that are settled, are kept, the same for all services; 0: for good. At least 30, and longer than any topic keeps its messages; with an `act_within` that is not shorter the approval service does not start.',
      unit: 'days',
      example: '365',
    }),
  ARCHIVE_DIR: z.string().min(1).optional().meta({
    description: 'Where records are written, as lines of JSON, before `RECORD_DAYS` removes them.',
    unset: 'they are not written out',
    example: '/var/lib/countersign/archive',
  }),
  ...authSettings,
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).default(60_000).meta({
    description:
      'Requests of one principal in a minute, and of one address without credentials; more get 429. 0: no limit.',
    unit: 'requests per minute',
    example: '6000',
  }),
  ...admissionSettings,
  ...tracingSettings,
  OTEL_SERVICE_NAME: serviceNameSetting('countersign'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
    description: 'The least severe level that is logged.',
    example: 'warn',
  }),
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

/** What each process has a default of its own for. */
export const processSettings = (name: string, portPreset: number) => ({
  PORT: port
    .default(portPreset)
    .meta({ description: 'Port to listen on; `npm start` listens on 4000. 0: any that is free.', example: '8080' }),
  OTEL_SERVICE_NAME: serviceNameSetting(name),
});

export type ServiceSettings = z.infer<z.ZodObject<typeof serviceSettings>> & { PORT: number };

/** Settings that are gone, and what to set instead: whoever still has one must not go on as if it were heeded. */
const goneSettings: Readonly<Record<string, string>> = {
  APPROVAL_EXPIRES_SECONDS: 'say expires_in in the rules',
  SIGNING_KEYS: 'it is DECISION_SIGNING_KEYS',
  SIGNING_KEYS_FILE: 'it is DECISION_SIGNING_KEYS_FILE',
  EXECUTION_SIGNING_KEYS: 'it is RESULT_SIGNING_KEYS',
  EXECUTION_SIGNING_KEYS_FILE: 'it is RESULT_SIGNING_KEYS_FILE',
  ...Object.fromEntries(
    Object.entries({ DECISION: 'DECISION', EXECUTION: 'RESULT', REQUEST: 'REQUEST' }).flatMap(([old, now]) => [
      [`${old}_KEYS`, `it is ${now}_VERIFICATION_KEYS`],
      [`${old}_KEYS_FILE`, `it is ${now}_VERIFICATION_KEYS, with file: before the path`],
      [`${old}_KEYS_URL`, `it is ${now}_VERIFICATION_KEYS`],
    ]),
  ),
};

/**
 * Reads a configuration. A setting that is marked as a secret may also stand in the file that `NAME_FILE` names.
 *
 * @throws ConfigError naming every problem at once.
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: Record<string, string | undefined>): z.infer<S> {
  const values = { ...env, ...secretsIn(schema, env) };
  const set = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  const gone = Object.keys(set).filter((name) => Object.hasOwn(goneSettings, name));
  if (parsed.success && gone.length === 0) return parsed.data;
  const problems = [
    ...gone.map((name) => `  ${name}: there is no such setting any more: ${goneSettings[name]}`),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `  ${path.join('.')}: ${message}`),
  ];
  throw new ConfigError(`The configuration has ${problems.length} problem(s):\n${problems.join('\n')}`);
}
