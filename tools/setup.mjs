// Runs before every npm script that needs dependencies or a build, so it has nothing but Node itself (20 or newer).
// It installs what package-lock.json lists unless it is installed, and builds; with `--no-build` it only installs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (path) => join(root, path);
const windows = process.platform === 'win32';

/** The project brings its own Node; npm puts it first in the PATH of every script, and so does this. */
const env = { ...process.env, PATH: `${inRoot('node_modules/.bin')}${delimiter}${process.env.PATH}` };
const run = (command, args, stdio = 'inherit') =>
  spawnSync(command, args, { cwd: root, env, stdio, encoding: 'utf8', shell: windows });

const unlock = await lock(inRoot('.infra/setup.lock'));
process.on('exit', unlock);

if (missingPackages().length > 0) {
  console.log('Installing dependencies (npm ci)...');
  exitUnless(run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']).status === 0);
  const missing = missingPackages();
  if (missing.length > 0)
    console.warn(
      `npm left these out, and the next start tries again: ${missing.join(', ')}. Is the registry in reach?`,
    );
}
requireNode();
if (!process.argv.includes('--no-build')) {
  exitUnless(run('tsc', ['--build', 'tsconfig.build.json']).status === 0);
  exitUnless(run('node', [inRoot('tools/bundle.mjs')]).status === 0);
  buildInbox();
}

/**
 * What is in the lock file and not installed. npm writes down what it installed, and leaves out without a word what is
 * optional and could not be fetched: of that, what is for this platform counts.
 */
function missingPackages() {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(packagesIn);
  if (!installed) return ['node_modules'];
  const isMissing = ([path, { version, optional, ...platform }]) => {
    if (!path.startsWith('node_modules/')) return false;
    if (path in installed) return installed[path].version !== version || !existsSync(inRoot(path));
    return !(optional && !isForHere(platform));
  };
  return Object.entries(wanted)
    .filter(isMissing)
    .map(([path]) => path.replace('node_modules/', ''));
}

/** By npm's own rule. A package for any system and processor is one that others bundle, or that only they need. */
function isForHere({ os, cpu, libc }) {
  if (!os && !cpu) return false;
  const has = (list, value) => {
    const names = [list ?? []].flat();
    const named = names.filter((name) => !name.startsWith('!'));
    return !names.includes(`!${value}`) && (named.length === 0 || named.includes(value));
  };
  return has(os, process.platform) && has(cpu, process.arch) && has(libc, libcHere());
}

function libcHere() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(inRoot(lockFile), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function requireNode() {
  const version = run('node', ['--version'], 'pipe').stdout?.trim() || 'one that does not start here';
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  console.error(
    `Countersign needs Node 22.18 or newer, and this is ${version}.\n` +
      'It brings its own on Linux (x64 and arm64, glibc), macOS and Windows (x64). If npm left that out, start again with\n' +
      'the registry in reach; on another system please install Node 26: https://nodejs.org or `nvm install 26`.',
  );
  process.exit(1);
}

/** Builds the pages of the inbox, unless they were built from the very files that are here. */
function buildInbox() {
  const sources = [
    'apps/inbox',
    'libs/client/src',
    'libs/contracts/src',
    'libs/evidence/src',
    'libs/transparency/src',
    'package-lock.json',
  ]
    .flatMap(filesUnder)
    .toSorted();
  const hash = createHash('sha256');
  for (const file of sources) hash.update(`${file}\n`).update(readFileSync(inRoot(file)));
  const digest = hash.digest('hex');
  const note = inRoot('apps/inbox/dist/built-from');
  if (
    existsSync(inRoot('apps/inbox/dist/site/index.html')) &&
    existsSync(note) &&
    readFileSync(note, 'utf8') === digest
  )
    return;
  exitUnless(run('vite', ['build', 'apps/inbox', '--logLevel', 'warn']).status === 0);
  writeFileSync(note, digest);
}

function filesUnder(path) {
  if (!statSync(inRoot(path)).isDirectory()) return [path];
  return readdirSync(inRoot(path)).flatMap((name) =>
    name === 'dist' || name === 'node_modules' ? [] : filesUnder(`${path}/${name}`),
  );
}

function exitUnless(succeeded) {
  if (!succeeded) process.exit(1);
}

/** One setup at a time: the lock file holds the id of the process at work; that of a dead one counts for nothing. */
async function lock(file) {
  mkdirSync(dirname(file), { recursive: true });
  for (let waiting = false; ; waiting = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (removeIfDead(file)) continue;
    if (!waiting) console.log(`Waiting for another setup to end; if there is none, delete ${file}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function removeIfDead(file) {
  const isDead = (path) => {
    try {
      const owner = Number(readFileSync(path, 'utf8'));
      return owner > 0 && !process.kill(owner, 0);
    } catch (error) {
      return error.code === 'ESRCH';
    }
  };
  if (!isDead(file)) return false;
  const removed = `${file}.${process.pid}`;
  try {
    renameSync(file, removed);
    // Another process may have done the same a moment ago, and this is its own lock: back with it.
    if (!isDead(removed)) linkSync(removed, file);
    rmSync(removed);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  return true;
}
