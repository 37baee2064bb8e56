import { defineConfig } from 'vitest/config';

/** Every project's specs run from source, so no build can be stale in a unit test. */
const project = (root: string) => ({
  extends: true as const,
  test: { name: root.split('/').at(-1)!, root, include: ['src/**/*.spec.ts'] },
});

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'default'] } },
  test: {
    projects: [
      'libs/contracts',
      'libs/sqlite',
      'libs/messaging',
      'libs/persistence',
      'libs/service',
      'apps/agent-runner',
      'apps/approval-service',
      'apps/executor',
      'apps/standalone',
      'infra',
      'e2e',
    ].map(project),
  },
});
