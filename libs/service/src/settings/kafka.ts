import { z } from 'zod';

/** -1 leaves it to the brokers. */
const isCount = (count: number): boolean => count !== 0;

/** Says what is wrong with what other clients take. */
function checkBroker(broker: string, { addIssue }: z.RefinementCtx): void {
  const message = problemIn(broker);
  if (message !== undefined) addIssue({ code: 'custom', message, input: broker });
}

function problemIn(broker: string): string | undefined {
  const [, protocol] = /^(\w+):\/\//.exec(broker) ?? [];
  if (protocol !== undefined)
    return `must be host:port without ${protocol}://; KAFKA_TLS and the settings of SASL say how to connect`;
  if (/^\[|:.*:/.test(broker)) return 'must be host:port, and the host a name or an address of IPv4';
  return /^[^\s:/]+:\d{1,5}$/.test(broker) ? undefined : 'must be host:port, several separated by commas';
}

/** Where the log is on Kafka, under which names, and how topics are made. */
export const kafkaSettings = {
  KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().superRefine(checkBroker)))
    .optional()
    .meta({
      description: 'Brokers of Kafka, as `host:port`, separated by commas.',
      unset: 'the embedded log',
      example: 'kafka-1:9092,kafka-2:9092',
    }),
  KAFKA_CLIENT: z.enum(['kafkajs', 'platformatic']).default('kafkajs').meta({
    description:
      'The library that speaks to Kafka: kafkajs, or @platformatic/kafka. A group may have members with either, so that instances can be restarted one by one.',
    example: 'platformatic',
  }),
  KAFKA_PREFIX: z
    .string()
    .regex(
      /^[A-Za-z0-9._-]{0,100}$/,
      'must be up to 100 of the characters that names of topics have: A-Z a-z 0-9 . _ -',
    )
    .default('')
    .meta({
      description: 'What the names of all topics and groups begin with: an installation of several on one cluster.',
      example: 'payments.',
    }),
  KAFKA_INSTALLATION: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,60}$/, 'must be up to 60 of A-Z a-z 0-9 . _ -')
    .default('')
    .meta({
      description:
        'The name of this installation in the source of its events, the same for all of its services: what another one writes to the same topics is skipped and counted.',
      example: 'payments-production',
    }),
  KAFKA_CREATE_TOPICS: z
    .stringbool()
    .default(true)
    .meta({ description: 'Whether missing topics are created at the start.', example: 'false' }),
  KAFKA_PARTITIONS: z.coerce
    .number()
    .int()
    .min(-1)
    .max(1_000)
    .refine(isCount, 'must be 1 or more, or -1')
    .default(6)
    .meta({
      description: 'Of a topic that is created; -1 is what the brokers say.',
      unit: 'partitions',
      example: '12',
    }),
  KAFKA_REPLICATION_FACTOR: z.coerce
    .number()
    .int()
    .min(-1)
    .max(9)
    .refine(isCount, 'must be 1 or more, or -1')
    .default(1)
    .meta({ description: 'Of a topic that is created; -1 is what the brokers say.', unit: 'replicas', example: '3' }),
  KAFKA_SESSION_TIMEOUT_SECONDS: z.coerce.number().min(5).max(300).default(10).brand<'Seconds'>().meta({
    description:
      'Session timeout of the consumer groups: after a crash, other instances take over partitions this late.',
    unit: 'seconds',
    example: '30',
  }),
};
