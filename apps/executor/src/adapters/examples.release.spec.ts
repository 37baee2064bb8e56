import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../../../examples/deploy/release.ts', import.meta.url));

describe('the example that deploys', () => {
  let target: string;
  beforeEach(() => {
    target = join(mkdtempSync(join(tmpdir(), 'countersign-release-')), 'made by the program');
  });
  afterEach(() => rmSync(join(target, '..'), { recursive: true }));

  const release = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      execFile(process.execPath, [program, ...args], (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out: out.trim(), err: err.trim() }),
      );
    });
  const deploy = (service: string, version: string, id: string) =>
    release('deploy', `--target=${target}`, `--service=${service}`, `--version=${version}`, `--id=${id}`);
  const status = (...args: string[]) => release('status', `--target=${target}`, ...args);
  const manifest = (service: string) =>
    JSON.parse(readFileSync(join(target, `${service}.json`), 'utf8')) as Record<string, unknown>;
  const starts = () =>
    readFileSync(join(target, 'starts.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('writes a manifest of what is deployed, and says so', async () => {
    expect(await deploy('auth-service', '2.0.4', 'one')).toMatchObject({
      code: 0,
      out: 'Deployed auth-service 2.0.4 (first release)',
    });
    expect(await deploy('auth-service', '2.1.0', 'two')).toMatchObject({
      out: 'Deployed auth-service 2.1.0 (was 2.0.4)',
    });
    expect(manifest('auth-service')).toEqual({
      service: 'auth-service',
      version: '2.1.0',
      release_id: 'two',
      previous_version: '2.0.4',
      released_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it('notes every start, in order, so that a call made twice can be seen', async () => {
    await deploy('auth-service', '2.1.0', 'one');
    await deploy('auth-service', '2.1.0', 'one');
    await deploy('billing', '3.0.0', 'two');
    const at = expect.any(String);
    expect(starts()).toEqual([
      { release_id: 'one', service: 'auth-service', version: '2.1.0', at },
      { release_id: 'one', service: 'auth-service', version: '2.1.0', at },
      { release_id: 'two', service: 'billing', version: '3.0.0', at },
    ]);
  });

  it('shows what is deployed, of every service or of one', async () => {
    await deploy('auth-service', '2.1.0', 'one');
    await deploy('billing', '3.0.0', 'two');
    expect((await status()).out.split('\n').toSorted()).toEqual(['auth-service 2.1.0 one', 'billing 3.0.0 two']);
    expect((await status('--service=billing')).out).toBe('billing 3.0.0 two');
    expect((await status('--service=search')).out).toBe('search is not deployed');
  });

  it('replaces a manifest at once: however many deploy together, it is always whole and one of theirs', async () => {
    await deploy('auth-service', '1.0.0', 'first');
    let running = true;
    const versions = ['2', '3', '4', '5', '6', '7'];
    const deployed = Promise.all(versions.map((version) => deploy('auth-service', version, `id-${version}`)));
    void deployed.finally(() => (running = false));
    while (running) {
      expect(['1.0.0', ...versions]).toContain(manifest('auth-service')['version']);
      await new Promise(setImmediate);
    }
    expect((await deployed).map(({ code, err }) => ({ code, err }))).toEqual(
      versions.map(() => ({ code: 0, err: '' })),
    );
    expect(readdirSync(target).toSorted()).toEqual(['auth-service.json', 'starts.jsonl']);
  });

  it.each(['../auth', 'a/b', '.hidden', '-rf', '', 'a b', 'a\nb', '$(x)'])(
    'refuses the name %j, and does nothing',
    async (name) => {
      const refused = await Promise.all([
        deploy(name, '1', 'id'),
        deploy('auth', name, 'id'),
        deploy('auth', '1', name),
      ]);
      for (const answer of refused) {
        expect(answer).toMatchObject({ code: 2, err: expect.stringContaining('must be letters, digits') });
      }
      expect(() => readdirSync(target)).toThrow('ENOENT');
    },
  );

  it('refuses a request that is not whole', async () => {
    expect(await release('deploy', `--target=${target}`, '--service=a', '--id=x')).toMatchObject({
      code: 2,
      err: '--version is missing',
    });
    expect(await release('undeploy')).toMatchObject({ code: 2, err: expect.stringContaining('usage: release') });
  });
});
