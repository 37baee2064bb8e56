import type {} from '@countersign/infra';
import { describe } from 'vitest';
import { describeFlowOnKafka, describeGateOnKafka } from './parts.js';
import { areGiven, ownServers, sharedServers } from '../world/servers.js';

const servers = sharedServers();
if (!servers) {
  describe.skip('Countersign on Kafka and MongoDB: needs Java and Maven, or KAFKA_BROKERS and MONGODB_URI', () => {});
} else if (areGiven) {
  describeFlowOnKafka(servers);
  describeGateOnKafka(servers);
} else {
  // What other specs left on the shared servers, such as topics of another size, is none of its business.
  describeFlowOnKafka(await ownServers());
}
