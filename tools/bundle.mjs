// Bundles apps for starting: `node tools/bundle.mjs [app ...]`, all of them unless some are named, and of these what has
// changed. A process that reads a few files instead of two thousand starts sooner and needs less memory. It takes what
// `tsc --build` has built; with `--sources DIR` the sources of another checkout, as they are.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const apps = ['agent-runner', 'approval-service', 'audit', 'cli', 'executor', 'standalone'];

/** As they are: clients are repaired when they are loaded, or load WebAssembly from where they are. */
const apart = [/^(kafkajs|@platformatic\/kafka)(\/|$)/, /^mongodb(\/|$)/];

/** What NestJS uses if it is installed, and which is not. */
const absent = [
  /^@nestjs\/(platform-express|websockets)(\/|$)/,
  /^@nats-io\//,
  /^@fastify\/view$/,
  /^(amqp-connection-manager|class-transformer|class-validator|ioredis|mqtt)$/,
];

const { values, positionals } = parseArgs({ options: { sources: { type: 'string' } }, allowPositionals: true });
const root = values.sources ?? fileURLToPath(new URL('..', import.meta.url));
const isCurrent = (app) => existsSync(noteOf(app)) && readFileSync(noteOf(app), 'utf8') === digest;
const noteOf = (app) => join(root, `apps/${app}/dist/bundled-from`);

const digest = values.sources ? undefined : sourcesDigest();
const named = positionals.length > 0 ? positionals : apps;
const stale = values.sources ? named : named.filter((app) => !isCurrent(app));
// Loaded only when there is something to do, which is seldom.
const { rolldown } = stale.length > 0 ? await import('rolldown') : {};
for (const app of stale) {
  await bundle(app);
  if (digest) writeFileSync(noteOf(app), digest);
}

async function bundle(app) {
  const dist = join(root, `apps/${app}/dist`);
  rmSync(noteOf(app), { force: true });
  const build = await rolldown({
    // Names of files, and what they are called by, come of it: the same wherever it is built.
    cwd: root,
    input: { main: values.sources ? join(root, `apps/${app}/src/main.ts`) : `${dist}/main.js` },
    platform: 'node',
    ...(values.sources && { tsconfig: true, resolve: { conditionNames: ['source', 'node'] } }),
    external: [...apart, ...absent],
    onLog(level, log, handle) {
      if (level === 'warn') throw new Error(`${app} is not bundled: ${log.message}`);
      handle(level, log);
    },
  });
  // As deep as the files that look for the inbox and for `countersign.yaml` from where they are.
  rmSync(`${dist}/bundle`, { recursive: true, force: true });
  await build.write({ dir: `${dist}/bundle`, format: 'esm' });
  await build.close();
}

/** Of what was compiled, as the compiler noted it down, and what was installed. */
function sourcesDigest() {
  const notes = globSync('{libs,apps}/*/dist/.tsbuildinfo', { cwd: root }).toSorted();
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'tools/bundle.mjs', ...notes])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
