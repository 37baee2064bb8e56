import { checkKafka } from './checks.js';
import { defineExecuteKind } from '../kind.js';
import { KafkaEntry } from './schema.js';

export const kafkaKind = defineExecuteKind({ name: 'kafka', schema: KafkaEntry, checks: checkKafka });
