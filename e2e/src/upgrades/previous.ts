import { prepared, stateDir } from '@countersign/infra';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const apps = ['standalone', 'agent-runner', 'approval-service', 'executor'];
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Before there is a release: as many changes of what is shipped lie between it and this checkout. */
const changes = 10;

export interface Previous {
  /** What it is, for the title of a test. */
  name: string;
  /** Where its apps are built. */
  build: string;
}

/**
 * The version before this one, built once from the history of this checkout and kept: what COUNTERSIGN_PREVIOUS names, the
 * last release (a tag `v…`), or a commit of some changes ago. Packages of others, and `@countersign/tool`, of which a process
 * must have one copy, are those of this checkout.
 *
 * @returns why there is none, where the history is not there
 */
export async function previousVersion(): Promise<Previous | string> {
  const commit = previousCommit();
  if (!commit) return 'It needs the history of git';
  const name = commit.slice(0, 10);
  const build = await prepared(join(stateDir, `previous-${name}`), async (work) => {
    for (const former of globSync('previous-*[0-9a-f]', { cwd: stateDir }))
      if (!work.includes(former)) rmSync(join(stateDir, former), { recursive: true });
    const archive = git('archive', '--format=tar', commit, 'apps', 'libs', 'tsconfig.base.json');
    execFileSync('tar', ['x', '-C', work], { input: archive });
    linkPackages(work);
    execFileSync(process.execPath, [join(root, 'tools/bundle.mjs'), '--sources', work, ...apps], { stdio: 'inherit' });
    for (const each of globSync('{apps,libs}/*/src', { cwd: work })) rmSync(join(work, each), { recursive: true });
  }).catch((error: unknown) => {
    if (hasPackagesOf(commit)) throw error;
    return undefined;
  });
  return build === undefined
    ? `What was there before, ${name}, needs packages that are not installed here`
    : { name, build };
}

const hasPackagesOf = (commit: string): boolean =>
  git('show', `${commit}:package-lock.json`).equals(readFileSync(join(root, 'package-lock.json')));

function previousCommit(): string | undefined {
  // oxlint-disable-next-line node/no-process-env -- of whoever runs the tests
  const named = process.env['COUNTERSIGN_PREVIOUS'];
  if (named) return line(git('rev-parse', '--verify', `${named}^{commit}`));
  return lastVersion() ?? (deepened() ? lastVersion() : undefined);
}

function lastVersion(): string | undefined {
  try {
    const release = line(git('tag', '--list', 'v*', '--merged', 'HEAD^', '--sort=-version:refname'));
    if (release) return line(git('rev-parse', `${release}^{commit}`));
    // Its parent, so that as many changes are between it and this.
    const since = git('rev-list', `--max-count=${changes}`, 'HEAD', '--', 'apps', 'libs').toString().trim().split('\n');
    return line(git('rev-parse', '--verify', `${since.at(-1)}^`));
  } catch {
    return undefined;
  }
}

/** A checkout of CI often has its last commit alone, and whoever made it can have the rest. */
function deepened(): boolean {
  try {
    if (line(git('rev-parse', '--is-shallow-repository')) !== 'true') return false;
    git('fetch', '--quiet', '--tags', '--deepen=200');
    return true;
  } catch {
    return false;
  }
}

const git = (...args: string[]): Buffer =>
  execFileSync('git', args, {
    cwd: root,
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
const line = (output: Buffer): string | undefined => output.toString().split('\n')[0] || undefined;

/** Its own packages by their names; any others are found further up, in this checkout. */
function linkPackages(work: string): void {
  for (const path of globSync('{apps,libs}/*/package.json', { cwd: work })) {
    const { name } = JSON.parse(readFileSync(join(work, path), 'utf8')) as { name: string };
    if (name === '@countersign/tool') continue;
    const link = join(work, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(work, dirname(path))), link);
  }
}
