import { readDefinitions } from '@countersign/definitions';
import { runPolicyTests } from '@countersign/definitions/policy';
import { kafkaSecurity, readConfig, serviceSettings } from '@countersign/service';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Check, Finding } from './check.js';
import { keyChecks } from './keys.js';
import { clockCheck, kafkaChecks, mongoCheck } from './servers.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a service would find that is started with this environment, one after the other. */
export function environmentChecks(env: Env): Check[] {
  const { KAFKA_BROKERS: brokers, MONGODB_URI: uri } = env;
  return [
    fileCheck(env['COUNTERSIGN_CONFIG'] || 'countersign.yaml', Boolean(env['COUNTERSIGN_CONFIG'])),
    {
      what: 'settings',
      look: async () => {
        readSettings(env);
        return `${brokers ? 'Kafka' : 'the embedded log'} and ${uri ? 'MongoDB' : 'the embedded store'}`;
      },
      advice: 'Correct these environment variables; docs/settings.md lists them.',
    },
    ...(brokers ? kafkaChecks(brokers, () => readSettings(env)) : []),
    ...(uri ? [mongoCheck(uri), clockCheck(uri)] : []),
    ...trusted(env),
    ...keyChecks(env),
  ];
}

const fileCheck = (file: string, isNamed: boolean): Check => ({
  what: 'file',
  look: async () => {
    if (!isNamed && !existsSync(file)) return { state: 'skipped', found: `there is no ${file} here` };
    const definitions = readDefinitions(file);
    const { passed, failed } = runPolicyTests(definitions);
    if (failed.length > 0)
      throw new Error(`${file}: ${failed.length} of its policy tests fail: countersign policy test`);
    const agents = definitions.agents.length;
    return `${file} is sound: ${plural(agents, 'agent')}, ${plural(passed, 'policy test')} passed`;
  },
  advice: 'Mend the file; docs/countersign.schema.json helps an editor to.',
});

function readSettings(env: Env) {
  const settings = readConfig(z.object(serviceSettings), env);
  return {
    brokers: settings.KAFKA_BROKERS ?? [],
    security: kafkaSecurity(settings),
    client: settings.KAFKA_CLIENT,
    prefix: settings.KAFKA_PREFIX,
    partitions: settings.KAFKA_PARTITIONS,
  };
}

/** Settings that give up what signatures protect. */
function trusted(env: Env): Check[] {
  const settings = [
    [
      'APPROVAL_REQUESTS',
      'any producer on the topics of requests and ends of runs can request calls, and void others’',
    ],
    ['RUN_COMMANDS', 'any producer on the command topics can start and cancel runs for any user'],
  ] as const;
  return settings
    .filter(([name]) => env[name] === 'trusted')
    .map(([what, means]): Check => {
      const advice = `Unset ${what}, or see to the ACLs.`;
      const found: Omit<Finding, 'what'> = { state: 'unsure', found: `trusted: ${means}`, advice };
      return { what, look: async () => found, advice };
    });
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
