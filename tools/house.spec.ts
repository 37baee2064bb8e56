import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
const sources = tracked.split('\n').filter((path) => /^(apps|libs|e2e|bench|infra|tools)\/.*\.tsx?$/.test(path));
const isSpec = (path: string): boolean => /\.spec\.tsx?$/.test(path);
const text = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

/** What a reader takes in at a glance; with their specs, what still fits on a screen. */
const mostFiles = 15;
const mostWithSpecs = 20;
const mostNames = 40;

describe('the house', () => {
  it('has no folder with more files than a reader takes in', () => {
    const folders = Map.groupBy(sources, (path) => dirname(path));
    const crowded = [...folders]
      .filter(([, files]) => files.length > mostWithSpecs || files.filter((path) => !isSpec(path)).length > mostFiles)
      .map(([folder, files]) => `${folder}: ${files.length}`);
    expect(crowded).toEqual([]);
  });

  it('has packages that say by name what they export, at each entry what one keeps in mind', () => {
    const barrels = sources.filter((path) => /^(apps|libs)\/[^/]+\/src\/(.+\/)?index\.ts$/.test(path));
    expect(barrels.length).toBeGreaterThan(20);
    expect(barrels.filter((path) => text(path).includes('export *'))).toEqual([]);
    const long = barrels.filter((path) => exportedBy(text(path)).length > mostNames);
    expect(long).toEqual([]);
  });

  it('keeps what tests are built of out of the sources', () => {
    const inSources = sources.filter((path) => /^(apps|libs)\/[^/]+\/src\//.test(path));
    expect(inSources.filter((path) => /\.(fixtures|contract|given)\.tsx?$/.test(path))).toEqual([]);
    const runtime = inSources.filter((path) => !isSpec(path) && !path.startsWith('libs/testing/'));
    const onTests = /from '(@countersign\/testing|vitest|fast-check)|from '(\.\.\/)+test\//;
    expect(runtime.filter((path) => onTests.test(text(path)))).toEqual([]);
  });

  it('builds nothing of tests into what runs: an image has these files only', () => {
    const builds = tracked.split('\n').filter((path) => /^(apps|libs)\/[^/]+\/tsconfig\.build\.json$/.test(path));
    expect(builds.length).toBeGreaterThan(15);
    for (const path of builds) {
      const {
        include,
        exclude,
        references = [],
      } = JSON.parse(text(path)) as {
        include: string[];
        exclude: string[];
        references?: { path: string }[];
      };
      expect([path, include]).toEqual([path, ['src']]);
      expect(exclude).toContain('src/**/*.spec.ts');
      expect(references.filter((reference) => reference.path.includes('testing'))).toEqual([]);
    }
    expect(text('infra/Dockerfile')).toContain('npx tsc --build "apps/$APP/tsconfig.build.json"');
  });

  it('has what its map says it has', () => {
    const map = text('ARCHITECTURE.md');
    const named = [...map.matchAll(/`((?:apps|libs|e2e|infra|tools|docs|examples)\/[^`*]+)`/g)].map(
      ([, path]) => path!,
    );
    expect(named.length).toBeGreaterThan(50);
    const all = new Set(tracked.split('\n').flatMap((path) => [path, ...foldersOf(path)]));
    const missing = named
      .flatMap(alternatives)
      .filter((path) => !all.has(path.replace(/\/$/, '')) && !path.includes('lambda'));
    expect(missing).toEqual([]);
  });
});

const exportedBy = (barrel: string): string[] =>
  [...barrel.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) =>
    list!.split(',').filter((name) => name.trim() !== ''),
  );

/** `a/{b,c}.ts` is two paths. */
function alternatives(path: string): string[] {
  const [, before, list, after] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
  return list === undefined ? [path] : list.split(',').map((each) => `${before}${each}${after}`);
}

const foldersOf = (path: string): string[] => {
  const parts = path.split('/');
  return parts.slice(1).map((_, n) => parts.slice(0, n + 1).join('/'));
};
