import { describeBus, quiet } from '../../test/bus.contract.js';
import { FakeKafka } from '../../test/fake-kafka.js';
import { KafkaBus } from './kafka-bus.js';

const common = { clientId: 'fake', partitions: 3, replicationFactor: 1, createTopics: true, log: quiet };

describeBus('KafkaBus over a cluster in memory', () => {
  const client = new FakeKafka();
  return (topics, observer) => {
    const bus = new KafkaBus({ ...common, client, topics, observer, onFatal: console.error });
    return { bus, close: () => bus.close() };
  };
});
