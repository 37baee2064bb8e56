import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cli } from '../../test/cli.fixtures.js';

describe('countersign policy test', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  const config = join(dir, 'countersign.yaml');
  afterAll(() => rmSync(dir, { recursive: true }));
  const rules = (expected: string) =>
    writeFileSync(
      config,
      `
policies:
  rules:
    - name: staging
      when: { arguments: { environment: { equals: staging } } }
      then: { approve: true }
policy_tests:
  - name: staging asks nobody
    call: { agent: ops, tool: deploy, requester: ada, arguments: { environment: staging } }
    expect: { outcome: ${expected} }
`,
    );

  it('ends well when each case is decided as it says', async () => {
    rules('approve');
    expect(await cli(['policy', 'test', '--config', config])).toEqual({
      code: 0,
      out: '1 passed, 0 failed\n',
      err: '',
    });
  });

  it('names the cases that are not, and ends with 1', async () => {
    rules('require');
    const { code, out } = await cli(['policy', 'test'], { env: { COUNTERSIGN_CONFIG: config } });
    expect(out).toMatch(/✘ staging asks nobody[^]*"approve"[^]*0 passed, 1 failed/);
    expect(code).toBe(1);
  });

  it('tells a script the same as JSON', async () => {
    rules('require');
    const { out } = await cli(['policy', 'test', '--json', '--config', config]);
    expect(JSON.parse(out)).toMatchObject({ passed: 0, failed: [{ name: 'staging asks nobody' }] });
  });

  it('says what is wrong with a file that cannot be read', async () => {
    const { code, err } = await cli(['policy', 'test', '--config', join(dir, 'none.yaml')]);
    expect(code).toBe(1);
    expect(err).toContain('none.yaml');
    expect(err).not.toContain('    at ');
  });
});
