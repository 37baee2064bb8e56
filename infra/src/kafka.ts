import { randomBytes } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.js';
import { listenersOf, propertiesOf, scramOf, secure, type SecuredKafka } from './kafka.secured.js';
import { kafkaAnswers } from './probe.js';
import { java, startJavaServer, type Server } from './server.js';

export interface KafkaServer extends Server {
  /** What KAFKA_BROKERS is to be. */
  readonly brokers: string;
  /** The same for clients that it has to know: by a password, or by a certificate. */
  readonly secured?: { password: string; certificate: string };
}

/** Starts a Kafka broker, alone its own cluster, on 127.0.0.1. Its topics live in `dir`. */
export async function startKafka({
  dir,
  port,
  detached = false,
  optimizing = detached,
  secured,
}: {
  dir: string;
  port?: number;
  detached?: boolean;
  /** Whether its JVM optimizes, for use of more than minutes; unless said, if it may outlive this process. */
  optimizing?: boolean;
  secured?: SecuredKafka;
}): Promise<KafkaServer> {
  const chosen = port ?? (await freePort());
  const data = join(resolve(dir), 'data');
  const config = join(resolve(dir), 'server.properties');
  await mkdir(dir, { recursive: true });
  const ports = secured && { password: await freePort(), certificate: await freePort() };
  const listeners = ports ? listenersOf(ports) : '';
  const security = secured ? await secure(resolve(dir), secured) : '';
  const plain = properties({ data, port: chosen, controllerPort: await freePort(), listeners });
  await writeFile(config, plain + security);
  if (!(await isFormatted(data))) {
    const cluster = randomBytes(16).toString('base64url');
    const users = secured ? scramOf(secured) : [];
    await java(['kafka.tools.StorageTool', 'format', `--cluster-id=${cluster}`, `--config=${config}`, ...users]);
  }
  const command = ['kafka.Kafka', config];
  const jvm = secured ? propertiesOf(resolve(dir), secured) : [];
  const server = await startJavaServer({
    dir,
    port: chosen,
    command,
    jvm,
    detached,
    optimizing,
    answers: kafkaAnswers,
  });
  const at = (number: number) => `127.0.0.1:${number}`;
  return {
    ...server,
    brokers: at(chosen),
    ...(ports && { secured: { password: at(ports.password), certificate: at(ports.certificate) } }),
  };
}

const isFormatted = (data: string): Promise<boolean> =>
  stat(join(data, 'meta.properties')).then(
    () => true,
    () => false,
  );

interface Properties {
  data: string;
  port: number;
  controllerPort: number;
  /** Others, each after a comma. */
  listeners: string;
}

const properties = ({ data, port, controllerPort, listeners }: Properties): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${listeners}
advertised.listeners=CLIENTS://127.0.0.1:${port}${listeners}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_SSL,CERTIFICATE:SSL
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
