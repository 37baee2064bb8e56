import type {} from '@countersign/infra';
import { describe } from 'vitest';
import { describeFlowOnKafka, describeGateOnKafka } from './parts.js';
import { areGiven, sharedServers } from '../world/servers.js';

const servers = sharedServers();
if (servers) {
  describeFlowOnKafka(servers);
  if (areGiven) describeGateOnKafka(servers);
} else {
  describe.skip('Countersign on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
}
