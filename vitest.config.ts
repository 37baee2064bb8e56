import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import LongestFirst from './tools/longest-first.ts';

/** Only a run that includes one of these waits for Kafka and MongoDB to start. */
const onInfra = ['libs/messaging', 'libs/persistence', 'bench', 'e2e'];
const infraSetup = fileURLToPath(new URL('tools/vitest-infra.ts', import.meta.url));

const patience = fileURLToPath(new URL('tools/patient-tests.ts', import.meta.url));
const fuzz = fileURLToPath(new URL('tools/fuzz.ts', import.meta.url));

/** Scenarios on servers that somebody names share their topics, so they run one after another. */
const onOwnServers = !process.env['KAFKA_BROKERS'];

/** Every project's specs run from source, so no build can be stale in a unit test. */
const project = (root: string) => ({
  extends: true as const,
  test: {
    name: root.split('/').at(-1)!,
    root,
    include: [root === 'tools' ? '**/*.spec.ts' : 'src/**/*.spec.ts'],
    // No test says how fast a thing is by its own deadline: beside other work all of them take longer.
    hookTimeout: 60_000,
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    setupFiles: [patience, fuzz],
    // Modules are loaded once a worker; what a spec replaces of them it puts back. It halves the CPU of small specs.
    isolate: root === 'e2e' || root === 'bench',
    // After the others, since the scenarios have deadlines.
    ...(root === 'e2e' && {
      sequence: { groupOrder: 1 },
      hookTimeout: 120_000,
      testTimeout: 120_000,
      // They wait for processes, leases and brokers more than they compute.
      maxWorkers: onOwnServers ? 3 : 1,
    }),
    // These carry their sources beside what they are compiled to, and the condition below would find them.
    server: { deps: { inline: [/@modelcontextprotocol/, /eventsource/] } },
    globalSetup: onInfra.includes(root) ? [infraSetup] : [],
  },
});

export default defineConfig({
  resolve: { conditions: ['source'] },
  // Without `import`, which Node would then prefer for whatever is required, too.
  ssr: { resolve: { conditions: ['source', 'node', 'default'] } },
  test: {
    maxWorkers: onOwnServers ? 2 : 1,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './tools/summary-reporter.ts'],
    projects: [
      'libs/contracts',
      'libs/client',
      'libs/definitions',
      'libs/sqlite',
      'libs/messaging',
      'libs/persistence',
      'libs/auth',
      'libs/signing',
      'libs/transparency',
      'libs/evidence',
      'libs/outbound',
      'libs/service',
      'libs/doctor',
      'libs/tool',
      'libs/mcp',
      'libs/testing',
      'apps/agent-runner',
      'apps/audit',
      'apps/approval-service',
      'apps/executor',
      'apps/cli',
      'apps/inbox',
      'apps/standalone',
      'infra',
      'tools',
      'bench',
      'e2e',
    ].map(project),
  },
});
