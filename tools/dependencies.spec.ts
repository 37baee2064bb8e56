import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Locked {
  version?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
}
interface Component {
  purl: string;
  licenses?: object[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')) as {
  packages: Record<string, Locked>;
};
const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
const shipped = installed.filter(([, { dev }]) => !dev);

/** What may be shipped with a product under Apache-2.0 without opening more of it, or asking anybody. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);
/** What it is built and tested with, and not shipped. */
const forTools = new Set([...permissive, 'MPL-2.0', 'Python-2.0']);

describe('dependencies', () => {
  it('that are shipped have permissive licences, and the others known ones', () => {
    const wrong = (some: typeof installed, allowed: ReadonlySet<string>) =>
      some.flatMap(([path, { license = 'none' }]) => (allowed.has(license) ? [] : [`${path}: ${license}`]));
    expect(shipped.length).toBeGreaterThan(50);
    expect(wrong(shipped, permissive)).toEqual([]);
    expect(wrong(installed, forTools)).toEqual([]);
  });

  it('that are shipped are in the bill of materials, each with its licence, and no others', () => {
    const printed = execFileSync(process.execPath, ['tools/sbom.mjs'], { cwd: root, encoding: 'utf8' });
    const { bomFormat, components } = JSON.parse(printed) as { bomFormat: string; components: Component[] };
    // Whoever makes it again can compare it.
    expect(printed).not.toMatch(/"(timestamp|serialNumber)"/);
    expect(bomFormat).toBe('CycloneDX');
    expect(components.filter(({ licenses = [] }) => licenses.length === 0)).toEqual([]);
    const listed = components.map(({ purl }) => decodeURIComponent(purl.replace('pkg:npm/', '')));
    const named = shipped.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);
    expect(listed.toSorted()).toEqual([...new Set(named)].toSorted());
  });
});
