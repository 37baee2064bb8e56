import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { helmTools, type HelmTools } from './tools.js';

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

/** It builds kubeconform, which is in no package. */
const hasGo = spawnSync('go', ['version']).status === 0;

describe.skipIf(!hasGo)('the chart', () => {
  let tools: HelmTools;
  beforeAll(async () => {
    tools = await helmTools();
  }, 500_000);

  const helm = (...args: readonly string[]) => spawnSync(tools.helm, args, { encoding: 'utf8' });
  const rendered = (values: readonly string[]) => helm('template', 'release', chart, ...values);

  it.each(Object.entries(good))('is rendered with %s, and Kubernetes knows all of it', (_, values) => {
    const linted = helm('lint', '--strict', '--quiet', chart, ...values);
    expect(linted.status, linted.stdout + linted.stderr).toBe(0);
    const { status, stdout, stderr } = rendered(values);
    expect(status, stderr).toBe(0);
    const { kubeconform, schemaLocation } = tools;
    const strict = ['-strict', '-summary', '-output', 'json', '-skip', ofOperators, '-schema-location', schemaLocation];
    const { stdout: report } = spawnSync(kubeconform, [...strict, '-'], { input: stdout, encoding: 'utf8' });
    const { resources = [], summary } = JSON.parse(report) as { resources?: object[]; summary: Record<string, number> };
    expect(resources).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0 });
    expect(summary['valid']).toBeGreaterThan(10);
  });

  it.each(Object.entries(bad))('is refused with %s', (_, values) => {
    const { status, stderr } = rendered(values);
    expect(status).toBe(1);
    expect(stderr).toMatch(/values don't meet the specifications of the schema|execution error at/);
  });

  it('is not valid with a field that Kubernetes does not know', () => {
    const { stdout } = rendered(least);
    const { kubeconform, schemaLocation } = tools;
    const input = stdout.replace('automountServiceAccountToken: false', 'automountServiceAccountTokens: false');
    const { status } = spawnSync(kubeconform, ['-strict', '-schema-location', schemaLocation, '-'], { input });
    expect(input).not.toBe(stdout);
    expect(status).toBe(1);
  });
});
