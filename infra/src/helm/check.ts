import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { helmTools } from './tools.js';

const chart = fileURLToPath(new URL('../../helm/countersign', import.meta.url));
const example = fileURLToPath(new URL('../../helm/values.example.yaml', import.meta.url));
const least = ['--set', 'kafka.brokers={kafka:9092}', '--set', 'definitions.configMap=definitions'];

const good: Record<string, readonly string[]> = {
  'the least that is needed': least,
  'everything on': ['--values', example],
  'scaled by CPU': [...least, '--set', 'autoscaling.kind=hpa'],
  'without policies and topics': [
    ...least,
    '--set',
    'networkPolicy.enabled=false',
    '--set',
    'kafka.topics.create=false',
  ],
};

const bad: Record<string, readonly string[]> = {
  'no brokers': ['--set', 'definitions.configMap=definitions'],
  'no definitions': ['--set', 'kafka.brokers={kafka:9092}'],
  'two definitions': [...least, '--set', 'definitions.inline=x'],
  'a broker with a protocol': [...least, '--set', 'kafka.brokers={https://kafka:9092}'],
  'an unknown value': [...least, '--set', 'kafka.broker=kafka:9092'],
  'an unknown service': [...least, '--set', 'services.worker.replicas=1'],
  'a secret among the settings': [...least, '--set', 'env.OPENAI_API_KEY=sk-1'],
  'a setting that has a value of its own': [...least, '--set', 'services.executor.env.KAFKA_PREFIX=x'],
  'the tag latest': [...least, '--set', 'image.tag=latest'],
  'a runner that is scaled to zero': [...least, '--set', 'services.agent-runner.scaling.min=0'],
  'more at the least than at the most': [...least, '--set', 'services.executor.scaling.min=11'],
  'KEDA without Prometheus': [...least, '--set', 'autoscaling.kind=keda'],
  'metrics without a key': [...least, '--set', 'serviceMonitor.enabled=true'],
  'signing keys of nobody': [...least, '--set', 'secrets.decisionSigningKeys.name='],
  'SASL without a user': [...least, '--set', 'kafka.sasl.mechanism=plain'],
  'no grace': [...least, '--set', 'shutdownGraceSeconds=0'],
};

/** Kinds of operators, whose schemas no registry that is used here has. */
const ofOperators = 'ServiceMonitor,ScaledObject';

const { helm, kubeconform, schemaLocation } = await helmTools();
const rendered = (values: readonly string[]) =>
  spawnSync(helm, ['template', 'release', chart, ...values], { encoding: 'utf8' });

for (const [about, values] of Object.entries(good)) {
  execFileSync(helm, ['lint', '--strict', '--quiet', chart, ...values]);
  const { status, stdout, stderr } = rendered(values);
  if (status !== 0) throw new Error(`${about}: ${stderr}`);
  const checked = spawnSync(
    kubeconform,
    ['-strict', '-summary', '-skip', ofOperators, '-schema-location', schemaLocation, '-'],
    { input: stdout, encoding: 'utf8' },
  );
  if (checked.status !== 0) throw new Error(`${about}: ${checked.stdout}${checked.stderr}`);
  console.log(`${about}: ${checked.stdout.trim()}`);
}
for (const [about, values] of Object.entries(bad)) {
  const { status, stderr } = rendered(values);
  if (status === 0) throw new Error(`${about} is not refused`);
  console.log(`${about} is refused: ${stderr.trim().split('\n').slice(-2).join(' ').slice(0, 160)}`);
}
