import { eventNames } from '@countersign/contracts';
import { existsSync } from 'node:fs';
import { finding, type Finding } from './finding.js';
import type { CliEnvironment } from '../connection/environment.js';
import { plural } from '../terminal/words.js';

type Env = CliEnvironment['env'];

const silent = { info() {}, warn() {}, error() {} };

/** What a service would find that is started with this environment. */
export async function checkEnvironment(env: Env): Promise<Finding[]> {
  const { KAFKA_BROKERS: brokers, MONGODB_URI: uri } = env;
  return [
    await checkFile(env['COUNTERSIGN_CONFIG'] || 'countersign.yaml', Boolean(env['COUNTERSIGN_CONFIG'])),
    await finding('settings', () => settings(env), 'Correct these environment variables; docs/settings.md lists them.'),
    ...(brokers ? await checkKafka(env) : []),
    ...(uri ? [await checkMongo(uri)] : []),
    ...trusted(env),
    ...(await checkKeys(env)),
  ];
}

async function checkFile(file: string, isNamed: boolean): Promise<Finding> {
  if (!isNamed && !existsSync(file)) return { what: 'file', state: 'skipped', found: `there is no ${file} here` };
  return finding(
    'file',
    async () => {
      const { readDefinitions, runPolicyTests } = await import('@countersign/definitions');
      const definitions = readDefinitions(file);
      const { passed, failed } = runPolicyTests(definitions);
      if (failed.length > 0)
        throw new Error(`${file}: ${failed.length} of its policy tests fail: countersign policy test`);
      return `${file} is sound: ${plural(definitions.agents.length, 'agent')}, ${plural(passed, 'policy test')} passed`;
    },
    'Mend the file; docs/countersign.schema.json helps an editor to.',
  );
}

async function readSettings(env: Env) {
  const { readConfig, serviceSettings, kafkaSecurity } = await import('@countersign/service');
  const { z } = await import('zod');
  const settings = readConfig(z.object(serviceSettings), env);
  return { brokers: settings.KAFKA_BROKERS ?? [], security: kafkaSecurity(settings) };
}

async function settings(env: Env): Promise<string> {
  await readSettings(env);
  return `${env['KAFKA_BROKERS'] ? 'Kafka' : 'the embedded log'} and ${env['MONGODB_URI'] ? 'MongoDB' : 'the embedded store'}`;
}

/** Settings that give up what signatures protect. */
function trusted(env: Env): Finding[] {
  const given = [
    [
      'APPROVAL_REQUESTS',
      'whoever may write to the topics of requests and ends of runs asks for calls, and voids others’',
    ],
    ['RUN_COMMANDS', 'whoever may write to the topics of commands starts runs for anybody, and cancels them'],
  ] as const;
  return given.flatMap(([name, means]) =>
    env[name] === 'trusted'
      ? [
          {
            what: name,
            state: 'unsure' as const,
            found: `trusted: ${means}`,
            advice: `Unset ${name}, or see to the ACLs.`,
          },
        ]
      : [],
  );
}

async function checkKafka(env: Env): Promise<Finding[]> {
  const { kafkajsClient, missingTopics } = await import('@countersign/messaging');
  const where = env['KAFKA_BROKERS']!;
  let missing: string[] = [];
  const broker = await finding(
    'Kafka',
    async () => {
      const servers = { ...(await readSettings(env)), clientId: 'countersign-doctor', log: silent };
      missing = await missingTopics(kafkajsClient(servers), eventNames);
      return `reached at ${where}`;
    },
    `Is a broker up at ${where}, does it advertise an address that can be reached from here, and does it know KAFKA_SASL_USERNAME?`,
  );
  if (broker.state !== 'ok') return [broker];
  if (missing.length === 0) return [broker, { what: 'topics', state: 'ok', found: 'all there' }];
  const found = `missing: ${missing.join(', ')}`;
  const advice = 'A service creates them when it starts; with KAFKA_CREATE_TOPICS=false, create them yourself.';
  return [broker, { what: 'topics', state: 'unsure', found, advice }];
}

async function checkMongo(uri: string): Promise<Finding> {
  const { MongoDatabase } = await import('@countersign/persistence');
  return finding(
    'MongoDB',
    async () => {
      const database = new MongoDatabase({ uri, dbName: 'countersign', log: silent });
      try {
        await database.ping();
        return 'reached';
      } finally {
        await database.close();
      }
    },
    'Is it up, and does MONGODB_URI name it with the right user and password?',
  );
}

/** Signing keys of the approval service, and those that runner and executor verify with, where either are set. */
async function checkKeys(env: Env): Promise<Finding[]> {
  const isSet = (...names: string[]) => names.some((name) => env[name]);
  const { openKeyRing, openVerifier } = await import('@countersign/signing');
  const advice = 'Make some: node tools/compose-env.mjs prints DECISION_SIGNING_KEYS, and what to verify with.';
  const looks: [boolean, string, () => Promise<string>][] = [
    [
      isSet('DECISION_SIGNING_KEYS'),
      'signing keys',
      async () => {
        await openKeyRing(settingsOf(env, ['DECISION_SIGNING_KEYS']));
        return 'decisions can be signed with them';
      },
    ],
    [
      isSet('DECISION_VERIFICATION_KEYS'),
      'decision keys',
      async () => {
        await openVerifier(settingsOf(env, ['DECISION_VERIFICATION_KEYS']));
        return 'decisions can be verified with them';
      },
    ],
  ];
  const wanted = looks.filter(([isWanted]) => isWanted);
  return Promise.all(wanted.map(([, what, look]) => finding(what, look, advice)));
}

const settingsOf = (env: Env, names: string[]): Record<string, string | undefined> =>
  Object.fromEntries(names.map((name) => [name, env[name] || undefined]));
