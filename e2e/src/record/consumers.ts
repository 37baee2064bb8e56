import { javaClassPath, prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { pythonWithKafka } from './python.js';

const at = (name: string): string => fileURLToPath(new URL(`../../../examples/consumers/${name}`, import.meta.url));
const run = promisify(execFile);

/** Compiling what it needs takes 34 s of CPU, as long as all else here, so that in Go is run where that is asked for. */
const inGo = process.env['CONSUMER_IN_GO'] !== undefined;

/** @returns the example in Go, compiled. */
async function goProgram(): Promise<string> {
  const digest = createHash('sha256')
    .update(['go/main.go', 'go/go.sum'].map((name) => readFileSync(at(name), 'utf8')).join(''))
    .digest('hex')
    .slice(0, 12);
  const dir = await prepared(join(stateDir, `consumers-go-${digest}`), async (work) => {
    // As it is compiled soonest: without C, and not optimised.
    const env = { ...process.env, CGO_ENABLED: '0' };
    const flags = ['-gcflags=all=-N -l', '-ldflags=-s -w'];
    await run('go', ['build', ...flags, '-o', join(work, 'audit-table'), '.'], {
      cwd: at('go'),
      env,
      timeout: 500_000,
    });
  });
  return join(dir, 'audit-table');
}

/** The consumers to copy, as they are, on what the scenarios before have left on a real topic. */
export function describeConsumers(brokers: string): void {
  describe('consumers that know nothing of this project but its page for integrators', () => {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-consumers-'));
    afterAll(() => rmSync(dir, { recursive: true }));

    const tableOf = async (group: string, name: string, program: string, args: string[], more = {}) => {
      const { PATH = '', JAVA_HOME } = process.env;
      const env = { PATH, ...(JAVA_HOME && { JAVA_HOME }), KAFKA_BROKERS: brokers, UNTIL_END: '1', ...more };
      const where = { AUDIT_TABLE: join(dir, name), AUDIT_JDBC: `jdbc:h2:${join(dir, name)}` };
      const said = await run(program, args, {
        env: { ...env, ...where, AUDIT_GROUP: `${name}-${group}` },
        timeout: 60_000,
      });
      return JSON.parse(said.stdout) as { entries: number; digest: string };
    };

    it('keep the same table of the record, in TypeScript, Python and Java, and reading all of it again changes nothing', async () => {
      const [python, classPath, program] = await Promise.all([
        pythonWithKafka(),
        javaClassPath(),
        inGo ? goProgram() : undefined,
      ]);
      const all = async (group: string) =>
        Promise.all([
          tableOf(group, 'ts', process.execPath, [at('audit-table.ts')]),
          tableOf(group, 'python', 'python3', [at('audit_table.py')], python),
          tableOf(group, 'java', 'java', ['-XX:TieredStopAtLevel=1', '-cp', classPath, at('AuditTable.java')]),
          ...(program === undefined ? [] : [tableOf(group, 'go', program, [])]),
        ]);
      const first = await all('first');
      expect(first[0].entries).toBeGreaterThan(10);
      expect(first).toEqual(first.map(() => first[0]));
      expect(await all('again')).toEqual(first);
    }, 250_000);
  });
}
