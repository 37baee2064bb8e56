import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * A deployment target to try things on: a directory with one release manifest for each service.
 *
 *   release deploy --target DIR --service NAME --version VERSION --id ID
 *   release status --target DIR [--service NAME]
 *
 * `deploy` replaces the manifest atomically, and notes in `starts.jsonl` that it was started, before anything else.
 */
interface Manifest {
  service: string;
  version: string;
  release_id: string;
  previous_version: string | null;
  released_at: string;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: 'string' },
    service: { type: 'string' },
    version: { type: 'string' },
    id: { type: 'string' },
  },
});

const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

function required(name: 'target' | 'service' | 'version' | 'id'): string {
  const value = values[name];
  if (value === undefined) fail(`--${name} is missing`);
  if (name !== 'target' && !safeName.test(value))
    fail(`--${name} must be letters, digits, dots, dashes and underscores`);
  return value;
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(2);
}

function readManifest(file: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeDurably(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}.new`;
  const fd = openSync(draft, 'wx');
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(draft, file);
}

function deploy(): void {
  const [target, service, version, id] = [required('target'), required('service'), required('version'), required('id')];
  mkdirSync(target, { recursive: true });
  const started = { release_id: id, service, version, at: new Date().toISOString() };
  appendFileSync(join(target, 'starts.jsonl'), `${JSON.stringify(started)}\n`, { flush: true });
  const file = join(target, `${service}.json`);
  const previous = readManifest(file)?.version ?? null;
  const manifest: Manifest = {
    service,
    version,
    release_id: id,
    previous_version: previous,
    released_at: new Date().toISOString(),
  };
  writeDurably(file, `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`Deployed ${service} ${version}${previous ? ` (was ${previous})` : ' (first release)'}`);
}

function status(): void {
  const target = required('target');
  const names = values.service
    ? [`${required('service')}.json`]
    : readdirSync(target).filter((name) => name.endsWith('.json'));
  for (const name of names) {
    const manifest = readManifest(join(target, name));
    console.log(
      manifest ? `${manifest.service} ${manifest.version} ${manifest.release_id}` : `${values.service} is not deployed`,
    );
  }
}

const [command] = positionals;
if (command === 'deploy') deploy();
else if (command === 'status') status();
else fail('usage: release deploy|status --target DIR …');
