import { eventNames } from '@countersign/contracts';
import { deadLetterTopic } from '@countersign/messaging';
import {
  kafkaClient,
  missingTopics,
  prefixedClient,
  unsafeSettings,
  type KafkaClientName,
  type KafkaServers,
} from '@countersign/messaging/kafka';
import { secondsOf, systemClock } from '@countersign/contracts/time';
import { MongoDatabase } from '@countersign/persistence/mongodb';
import type { Check } from './check.js';

const silent = { info() {}, warn() {}, error() {} };

interface Servers extends Omit<KafkaServers, 'clientId' | 'log'> {
  client: KafkaClientName;
  prefix: string;
  partitions: number;
}

/** @param brokers as they are named. @param settings read when they are looked at, since they may be wrong. */
export function kafkaChecks(brokers: string, settings: () => Servers): Check[] {
  let missing: string[] | undefined;
  let problems: string[] | undefined;
  return [
    {
      what: 'Kafka',
      look: async () => {
        const { client: name, prefix, partitions, ...servers } = settings();
        const kafka = await kafkaClient(name, { ...servers, clientId: 'countersign-doctor', log: silent });
        const client = prefixedClient(kafka, prefix, eventNames);
        const absent = (missing = await missingTopics(client, eventNames));
        const there = [...eventNames, deadLetterTopic].filter((topic) => !absent.includes(topic));
        // Not everybody may see settings.
        problems = await client.topicSettings(there).then(
          (found) => unsafeSettings(found, partitions > 1),
          () => undefined,
        );
        return `reached at ${brokers}`;
      },
      advice: `Is a broker up at ${brokers}, does it advertise an address that can be reached from here, and does it know KAFKA_SASL_USERNAME?`,
    },
    {
      what: 'topics',
      look: async () => {
        if (missing === undefined) return { state: 'skipped', found: 'Kafka tells which there are' };
        if (missing.length === 0) return 'all there';
        const advice = 'A service creates them when it starts; with KAFKA_CREATE_TOPICS=false, create them yourself.';
        return { state: 'unsure', found: `missing: ${missing.join(', ')}`, advice };
      },
      advice: '',
    },
    {
      what: 'topic settings',
      look: async () => {
        if (problems === undefined) return { state: 'skipped', found: 'Kafka tells what they are' };
        if (problems.length === 0) return 'nothing is lost by them';
        const advice = 'Change them with kafka-configs.sh --alter; docs/operations.md says what each topic needs.';
        return { state: 'unsure', found: problems.join('; '), advice };
      },
      advice: '',
    },
  ];
}

/** Seconds between this clock and the store's that a service says. */
const mostSkew = 5;

/** Whether the clock of this machine agrees with the store's, by which leases expire. */
export const clockCheck = (uri: string): Check => ({
  what: 'clock of MongoDB',
  look: async () => {
    const database = new MongoDatabase({ uri, log: silent });
    try {
      const before = systemClock();
      const storeTime = await database.time();
      const seconds = Math.round(secondsOf((before + systemClock()) / 2 - storeTime));
      if (Math.abs(seconds) <= mostSkew) return 'the same here and there';
      throw new Error(`the clock here is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`);
    } finally {
      await database.close();
    }
  },
  advice: 'Leases expire by the clock of MongoDB; synchronise the clocks all the same, with NTP.',
});

export const mongoCheck = (uri: string): Check => ({
  what: 'MongoDB',
  look: async () => {
    const database = new MongoDatabase({ uri, log: silent });
    try {
      await database.ping();
      return 'can be read and written';
    } finally {
      await database.close();
    }
  },
  advice:
    'Is it up, and does MONGODB_URI name it with the right user and password, and the database that the user may read and write? docs/mongodb.md says what it needs.',
});
