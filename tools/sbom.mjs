// The bill of materials of what is shipped, in CycloneDX, on standard output: `npm run -s sbom`. npm lists everything, and what
// is only built with is left out here: its own `--omit dev` (npm 11) leaves out most of what workspaces need as well. The
// same lock file gives the same bytes, so that there is no time in it, and no number made up for it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' };
const bill = JSON.parse(execFileSync('npm', args, options));

const { name, packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
const shipped = new Set(
  Object.entries(packages)
    .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
    .map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
);
const isShipped = ({ purl }) => shipped.has(decodeURIComponent(purl.replace('pkg:npm/', '').replace(/\?.*$/, '')));

const components = bill.components.filter(isShipped).map((component) => ({ ...component, scope: undefined }));
const known = new Set(components.map((component) => component['bom-ref']));
const dependencies = bill.dependencies
  .filter(({ ref }) => known.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => known.has(each)) }));
// npm names it after the directory.
const component = { ...bill.metadata.component, name };
const metadata = { ...bill.metadata, timestamp: undefined, component };
const written = { ...bill, serialNumber: undefined, metadata, components, dependencies };
process.stdout.write(`${JSON.stringify(written, null, 2)}\n`);
