import { eventNames } from '@countersign/contracts';
import { kafkajsClient, missingTopics, prefixedClient } from '@countersign/messaging/kafka';
import { secondsOf, systemClock } from '@countersign/contracts/time';
import { MongoDatabase } from '@countersign/persistence/mongodb';
import type { Check } from './check.js';

const silent = { info() {}, warn() {}, error() {} };

type Servers = Omit<Parameters<typeof kafkajsClient>[0], 'clientId' | 'log'> & { prefix: string };

/** @param brokers as they are named. @param settings read when they are looked at, since they may be wrong. */
export function kafkaChecks(brokers: string, settings: () => Servers): Check[] {
  let missing: string[] | undefined;
  return [
    {
      what: 'Kafka',
      look: async () => {
        const { prefix, ...servers } = settings();
        const client = kafkajsClient({ ...servers, clientId: 'countersign-doctor', log: silent });
        missing = await missingTopics(prefixedClient(client, prefix, eventNames), eventNames);
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
  ];
}

/** Seconds between this clock and the store's that a service says. */
const mostSkew = 5;

/** Whether the clock of this machine is that of the store, by which leases are told. */
export const clockCheck = (uri: string): Check => ({
  what: 'clock of MongoDB',
  look: async () => {
    const database = new MongoDatabase({ uri, log: silent });
    try {
      const before = systemClock();
      const told = await database.time();
      const seconds = Math.round(secondsOf((before + systemClock()) / 2 - told));
      if (Math.abs(seconds) <= mostSkew) return 'the same here and there';
      throw new Error(`the clock here is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`);
    } finally {
      await database.close();
    }
  },
  advice: 'Leases are told by the clock of MongoDB; set the clocks all the same, NTP does that.',
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
