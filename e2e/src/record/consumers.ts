import { javaClassPath } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { pythonWithKafka } from './python.js';

const at = (name: string): string => fileURLToPath(new URL(`../../../examples/consumers/${name}`, import.meta.url));
const run = promisify(execFile);

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
      const [python, classPath] = await Promise.all([pythonWithKafka(), javaClassPath()]);
      const all = async (group: string) =>
        Promise.all([
          tableOf(group, 'ts', process.execPath, [at('audit-table.ts')]),
          tableOf(group, 'python', 'python3', [at('audit_table.py')], python),
          tableOf(group, 'java', 'java', ['-XX:TieredStopAtLevel=1', '-cp', classPath, at('AuditTable.java')]),
        ]);
      const first = await all('first');
      expect(first[0].entries).toBeGreaterThan(10);
      expect(first).toEqual([first[0], first[0], first[0]]);
      expect(await all('again')).toEqual(first);
    }, 250_000);
  });
}
