import { randomBytes } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.js';
import { kafkaAnswers } from './probe.js';
import { java, startJavaServer, type Server } from './server.js';

export interface KafkaServer extends Server {
  readonly port: number;
  /** What KAFKA_BROKERS is to be. */
  readonly brokers: string;
}

/** Starts a Kafka broker, alone its own cluster, on 127.0.0.1. Its topics live in `dir`. */
export async function startKafka({
  dir,
  port,
  detached = false,
}: {
  dir: string;
  port?: number;
  detached?: boolean;
}): Promise<KafkaServer> {
  const chosen = port ?? (await freePort());
  const data = join(resolve(dir), 'data');
  const config = join(resolve(dir), 'server.properties');
  await mkdir(dir, { recursive: true });
  await writeFile(config, properties({ data, port: chosen, controllerPort: await freePort() }));
  if (!(await isFormatted(data))) {
    const cluster = randomBytes(16).toString('base64url');
    await java(['kafka.tools.StorageTool', 'format', `--cluster-id=${cluster}`, `--config=${config}`]);
  }
  const command = ['kafka.Kafka', config];
  const server = await startJavaServer({ dir, port: chosen, command, detached, answers: kafkaAnswers });
  return { ...server, port: chosen, brokers: `127.0.0.1:${chosen}` };
}

const isFormatted = (data: string): Promise<boolean> =>
  stat(join(data, 'meta.properties')).then(
    () => true,
    () => false,
  );

const properties = ({ data, port, controllerPort }: { data: string; port: number; controllerPort: number }): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=CLIENTS://127.0.0.1:${port}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs=${data.replaceAll('\\', '/')}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.num.partitions=5
offsets.topic.replication.factor=1
# After a kill, the broker starts again only once its former self is believed dead.
broker.session.timeout.ms=5000
transaction.state.log.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
`;
