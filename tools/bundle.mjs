// Bundles apps for starting: `node tools/bundle.mjs [app ...]`, all of them unless some are named, and of these what has
// changed. A process that reads a few files instead of two thousand starts sooner and needs less memory. It takes what
// `tsc --build` has built.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const apps = ['agent-runner', 'approval-service', 'audit', 'cli', 'executor', 'standalone'];

/** Of these a process must have one copy: the first two are repaired when they are loaded, tools of users import the last. */
const apart = [/^kafkajs(\/|$)/, /^mongodb(\/|$)/, /^@countersign\/tool$/];

/** What NestJS uses if it is installed, and which is not. */
const absent = [
  /^@nestjs\/(platform-express|websockets)(\/|$)/,
  /^@nats-io\//,
  /^@fastify\/view$/,
  /^(amqp-connection-manager|class-transformer|class-validator|ioredis|mqtt)$/,
];

const root = fileURLToPath(new URL('..', import.meta.url));
const isCurrent = (app) => existsSync(noteOf(app)) && readFileSync(noteOf(app), 'utf8') === digest;
const noteOf = (app) => join(root, `apps/${app}/dist/bundled-from`);

const digest = sourcesDigest();
const named = process.argv.slice(2);
const stale = (named.length > 0 ? named : apps).filter((app) => !isCurrent(app));
// Loaded only when there is something to do, which is seldom.
const { rolldown } = stale.length > 0 ? await import('rolldown') : {};
for (const app of stale) {
  await bundle(app);
  writeFileSync(noteOf(app), digest);
}

async function bundle(app) {
  const dist = join(root, `apps/${app}/dist`);
  rmSync(noteOf(app), { force: true });
  const build = await rolldown({
    input: { main: `${dist}/main.js` },
    platform: 'node',
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
