import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each part may depend on: `contracts ← sqlite ← messaging, persistence ← service ← apps ← standalone, e2e, bench`. */
const libraries = [
  'contracts',
  'client',
  'definitions',
  'sqlite',
  'messaging',
  'persistence',
  'auth',
  'signing',
  'transparency',
  'evidence',
  'outbound',
  'service',
  'tool',
  'mcp',
];
const apps = ['agent-runner', 'approval-service', 'executor', 'audit'];
const allowed: Record<string, readonly string[]> = {
  contracts: [],
  client: ['contracts'],
  definitions: ['contracts'],
  sqlite: ['contracts'],
  messaging: ['contracts', 'sqlite'],
  persistence: ['contracts', 'sqlite'],
  auth: ['contracts', 'persistence'],
  signing: ['contracts'],
  transparency: [],
  evidence: ['transparency'],
  outbound: ['contracts', 'definitions'],
  service: ['contracts', 'definitions', 'sqlite', 'messaging', 'persistence', 'auth', 'outbound'],
  doctor: ['contracts', 'definitions', 'messaging', 'persistence', 'service', 'signing', 'transparency'],
  tool: ['contracts', 'definitions'],
  mcp: ['contracts', 'definitions', 'outbound', 'tool'],
  testing: libraries,
  ...Object.fromEntries(apps.map((app) => [app, libraries])),
  inbox: ['contracts', 'client', 'evidence'],
  cli: ['contracts', 'client', 'definitions', 'evidence', 'transparency'],
  standalone: [...libraries, ...apps],
  infra: ['contracts'],
  e2e: [...libraries, 'infra'],
  bench: [...libraries, ...apps, 'infra', 'testing'],
  demo: ['client', 'contracts', 'infra', 'testing'],
};

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const scope = '@countersign/';
const projects = globSync('{libs,apps}/*/package.json')
  .concat('infra/package.json', 'e2e/package.json', 'bench/package.json', 'examples/demo/package.json')
  .map((file) => ({ root: dirname(file), ...(JSON.parse(readFileSync(file, 'utf8')) as Manifest) }));

const ours = (dependencies: Record<string, string> = {}): string[] =>
  Object.keys(dependencies).flatMap((name) => (name.startsWith(scope) ? name.slice(scope.length) : []));

describe.each(projects.map((project) => ({ ...project, part: project.name.slice(scope.length) })))(
  '$part',
  (project) => {
    it('depends on nothing above it', () => {
      expect(allowed[project.part]).toBeDefined();
      expect(ours(project.dependencies).filter((name) => !allowed[project.part]!.includes(name))).toEqual([]);
      expect(
        ours(project.devDependencies).filter(
          (name) => ![...libraries, 'doctor', 'testing', 'infra', ...apps, 'cli', 'standalone'].includes(name),
        ),
      ).toEqual([]);
    });

    it('imports nothing that it does not declare, and nobody’s insides', () => {
      const declared = [...ours(project.dependencies), ...ours(project.devDependencies)];
      for (const file of globSync(`${project.root}/src/**/*.{ts,tsx}`)) {
        const imported = [...readFileSync(file, 'utf8').matchAll(/from '(@countersign\/[^']+|\.\.[^']*)'/g)].map(
          ([, name]) => name!,
        );
        for (const name of imported) {
          if (name.startsWith('.')) expect(join(dirname(file), name), file).toContain(`${project.root}/`);
          else expect(declared, file).toContain(name.slice(scope.length).split('/')[0]);
        }
      }
    });
  },
);

it('domain, bus and store know nothing of Nest', () => {
  const withoutNest = globSync([
    'libs/{contracts,sqlite,persistence}/src/**/*.ts',
    'libs/messaging/src/{bus,delivery,dead-letters,cloudevents,keyed-work,retry}*.ts',
    'apps/*/src/{run,approval,execution,model,adapters}/**/*.ts',
  ]).filter((file) => !file.endsWith('.spec.ts'));
  expect(withoutNest.length).toBeGreaterThan(30);
  for (const file of withoutNest) expect(readFileSync(file, 'utf8'), file).not.toMatch(/from '@nestjs/);
});

it('contracts, client, transparency and evidence run in a browser as well', () => {
  const files = globSync('libs/{contracts,client,transparency,evidence}/src/**/*.ts').filter(
    (file) => !file.endsWith('.spec.ts'),
  );
  const needNode = files.filter((file) => /from 'node:|\b(Buffer|process)\./.test(readFileSync(file, 'utf8')));
  expect(needNode.toSorted()).toEqual([
    'libs/contracts/src/sha256/native.ts',
    'libs/transparency/src/sha256/native.ts',
  ]);
});
