import { execFileSync } from 'node:child_process';
import { AgentRunnerConfig } from '@countersign/agent-runner';
import { ApprovalServiceConfig } from '@countersign/approval-service';
import { eventNames, services } from '@countersign/contracts';
import { AuditConfig } from '@countersign/audit';
import { ExecutorConfig } from '@countersign/executor';
import { readConfig, secretFiles } from '@countersign/service';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Service {
  image: string;
  build?: { args: { APP: string } };
  environment?: Record<string, string>;
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  read_only?: boolean;
  restart?: string;
  secrets?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
  volumes?: string[];
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
/** What the tools of the file take from the environment. */
const ofDefinitions = new Set([...read('countersign.yaml').matchAll(/\{\{env\.(\w+)/g)].map(([, name]) => name!));
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
};
const dockerfile = read('infra/Dockerfile');
const serviceNamed = (name: string): Service => compose.services[name]!;

/** The configuration that each service reads. */
const configs = {
  'agent-runner': AgentRunnerConfig,
  'approval-service': ApprovalServiceConfig,
  executor: ExecutorConfig,
  audit: AuditConfig,
};

/** What tools/compose-env.mjs makes, a file each. */
const madeIn = mkdtempSync(join(tmpdir(), 'countersign-compose-'));
const make = (...args: string[]) =>
  execFileSync(process.execPath, ['tools/compose-env.mjs', ...args], { encoding: 'utf8' });
make(join(madeIn, '.secrets'));
afterAll(() => rmSync(madeIn, { recursive: true }));

/** As on a machine that sets nothing; secrets are where the tool leaves them. */
const unset = (value: string): string =>
  value
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
    .replace(/^\/run\/secrets\/(\w+)$/, (_, name: string) => join(madeIn, compose.secrets[name]!.file));

describe('docker-compose.yml', () => {
  it('creates the topic of every event, and the dead letters', () => {
    const { environment, command } = serviceNamed('topics') as Service & { command: string[] };
    expect(environment?.['TOPICS']?.split(' ').toSorted()).toEqual(eventNames.toSorted());
    expect(command.join()).toContain('--topic dead-letters --config max.message.bytes=4194304');
  });

  it('publishes ports to this machine only', () => {
    const published = Object.values(compose.services).flatMap(({ ports = [] }) => ports);
    expect(published).toHaveLength(6);
    for (const port of published) expect(unset(port)).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
  });

  it('publishes Kafka and MongoDB where KAFKA_PORT and MONGODB_PORT say, and Kafka names that port to its clients', () => {
    expect(serviceNamed('kafka').ports).toEqual(['127.0.0.1:${KAFKA_PORT:-9092}:9092']);
    expect(serviceNamed('kafka').environment?.['KAFKA_ADVERTISED_LISTENERS']).toContain(
      ',HOST://127.0.0.1:${KAFKA_PORT:-9092}',
    );
    expect(serviceNamed('mongo').ports).toEqual(['127.0.0.1:${MONGODB_PORT:-27017}:27017']);
  });

  it('lets no process gain privileges', () => {
    for (const { security_opt } of Object.values(compose.services)) {
      expect(security_opt).toContain('no-new-privileges:true');
    }
  });

  it('gives what the executor deploys to a place that it may write to, which outlives it', () => {
    const { environment = {}, volumes } = serviceNamed('executor');
    const place = environment['DEPLOY_TARGET_DIR'];
    expect(volumes).toEqual([`deployments:${place}`]);
    expect(Object.keys(compose.volumes)).toContain('deployments');
    expect(dockerfile).toContain(`install -d -o node -g node ${place}`);
  });

  it("gives nobody the administrator's key but the service that people speak to", () => {
    const holders = Object.entries(compose.services).filter(([, service]) =>
      JSON.stringify(service).includes('admin_key'),
    );
    expect(holders.map(([name]) => name)).toEqual(['approval-service']);
    expect(readFileSync(join(madeIn, '.secrets/admin_key'), 'utf8')).toMatch(/^cs_[0-9a-f]{16}_[\w-]{43}\n$/);
    expect(make()).toMatch(/^ADMIN_KEY=cs_\w+\S+\nDECISION_SIGNING_KEYS='\{/);
  });

  it('has a directory of secrets that nobody else gets into, and keeps what is there', () => {
    const directory = join(madeIn, '.secrets');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const before = readFileSync(join(directory, 'decision_signing_keys'), 'utf8');
    make(directory);
    expect(readFileSync(join(directory, 'decision_signing_keys'), 'utf8')).toBe(before);
    expect(Object.values(compose.secrets).map(({ file }) => existsSync(join(madeIn, file)))).not.toContain(false);
  });

  describe.each(services)('%s', (name) => {
    const service = serviceNamed(name);
    const config = configs[name];
    const port = readConfig(config, {}).PORT;
    const environment = Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([key, value]) => [key, unset(value)]),
    );

    it('starts once Kafka and MongoDB are healthy and the topics are there', () => {
      expect(service.depends_on).toEqual({
        kafka: { condition: 'service_healthy' },
        mongo: { condition: 'service_healthy' },
        topics: { condition: 'service_completed_successfully' },
      });
    });

    it('is built from its own app', () => {
      expect(service.build?.args.APP).toBe(name);
    });

    it('listens on the port that is published', () => {
      expect(service.environment?.['HOST']).toBe('0.0.0.0');
      expect(service.environment?.['PORT']).toBe(String(port));
      expect(service.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    });

    it('is healthy when it is ready', () => {
      expect(service.healthcheck?.test.join(' ')).toBe('CMD node health.mjs');
    });

    it('comes back after a crash, may not write to its image, and has time to finish', () => {
      expect(service).toMatchObject({ restart: 'unless-stopped', read_only: true, stop_grace_period: '30s' });
    });

    it('has no setting it does not know', () => {
      const files = secretFiles(config);
      const isKnown = (name: string) => name in config.shape || files.has(name) || ofDefinitions.has(name);
      expect(Object.keys(environment).filter((name) => !isKnown(name))).toEqual([]);
    });

    it('has secrets in files of its own, and in no environment', () => {
      const mounted = Object.values(service.environment ?? {}).flatMap(
        (value) => /^\/run\/secrets\/(\w+)$/.exec(value)?.[1] ?? [],
      );
      expect(service.secrets?.toSorted()).toEqual(mounted.toSorted());
      for (const file of secretFiles(config).values())
        expect(Object.keys(environment).filter((key) => key !== 'MONGODB_URI')).not.toContain(file);
      for (const [other, { secrets = [] }] of Object.entries(compose.services))
        if (other !== name) expect(secrets.filter((each) => mounted.includes(each))).toEqual([]);
    });

    it('has the settings it needs, in a form that it accepts', () => {
      expect(readConfig(config, environment)).toMatchObject({
        HOST: '0.0.0.0',
        PORT: port,
        KAFKA_BROKERS: ['kafka:19092'],
        KAFKA_CREATE_TOPICS: false,
        MONGODB_URI: 'mongodb://mongo:27017/countersign',
      });
    });

    it('has time to drain before it is killed', () => {
      const grace = readConfig(config, environment).SHUTDOWN_GRACE_SECONDS;
      expect(parseInt(service.stop_grace_period!, 10)).toBeGreaterThan(grace);
    });
  });
});

describe('Dockerfile', () => {
  it('asks /health/ready', () => {
    expect(dockerfile).toContain('CMD ["node", "health.mjs"]');
    expect(read('infra/health.mjs')).toContain('/health/ready');
  });

  it('runs node itself, so that it gets the signals, and not as root', () => {
    expect(dockerfile).toContain('ENTRYPOINT ["node", "--max-semi-space-size=8", "main.js"]');
    expect(dockerfile).toContain('USER node');
  });
});

describe('examples/tracing/docker-compose.yml', () => {
  const tracing = parse(read('examples/tracing/docker-compose.yml'), { merge: true }) as typeof compose;

  it.each(services)('sets what %s reads, and sends its traces to a service beside it', (name) => {
    const { environment = {} } = tracing.services[name]!;
    const { OTEL_EXPORTER_OTLP_ENDPOINT } = readConfig(configs[name], environment) as Record<string, unknown>;
    expect(Object.keys(environment).filter((setting) => !(setting in configs[name].shape))).toEqual([]);
    expect(Object.keys(tracing.services)).toContain(new URL(String(OTEL_EXPORTER_OTLP_ENDPOINT)).hostname);
  });

  it('publishes to this machine only', () => {
    expect(tracing.services['jaeger']!.ports).toEqual(['127.0.0.1:16686:16686']);
  });
});
