import { ConfigError } from '@countersign/contracts/problems';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definitionsApart } from './definitions-apart.js';

const example = new URL('../../../examples/tools/orders.ts', import.meta.url).pathname;

describe('the definitions of tools, read by a process of its own', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'apart-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const module = (code: string): string => {
    const path = join(folder, 'tools.mjs');
    writeFileSync(path, code);
    return path;
  };
  const tool = (description: string) => `
    const definition = { name: 'one', description: ${description}, parameters: { type: 'object' }, approval: 'required',
      requires: 'confirmation', user_input: [], redact: [], max_output: 1000, made_by: 'runner' };
    export default { [Symbol.for('countersign.tool')]: true, definition };`;

  it('are those of a module in TypeScript', async () => {
    const definitions = await definitionsApart([example]);
    expect(definitions.map(({ name, approval }) => [name, approval])).toContainEqual(['issue_refund', 'required']);
  });

  it('are none without modules', async () => {
    expect(await definitionsApart([])).toEqual([]);
  });

  it('are read whatever the module prints, and however long it would go on', async () => {
    const code = `console.log('noise'); setInterval(() => {}, 1000); ${tool("'calm'")}`;
    expect(await definitionsApart([module(code)])).toMatchObject([{ description: 'calm' }]);
  });

  it('come from code that finds no environment, and can read and start nothing else', async () => {
    const secret = join(tmpdir(), `secret-${process.pid}`);
    writeFileSync(secret, 'hidden');
    const attempt = (code: string) => `(() => { try { return String(${code}); } catch (e) { return e.code; } })()`;
    const tries = [
      'JSON.stringify(process.env)',
      `fs.readFileSync(${JSON.stringify(secret)}, 'utf8')`,
      `fs.readFileSync('/proc/' + process.ppid + '/environ', 'utf8')`,
      `fs.writeFileSync(${JSON.stringify(join(folder, 'x'))}, '')`,
      `process.getBuiltinModule('child_process').execFileSync('env')`,
    ].map(attempt);
    const code = `import fs from 'node:fs'; ${tool(`JSON.stringify([${tries.join(',')}])`)}`;
    const [definition] = await definitionsApart([module(code)]).finally(() => rmSync(secret));
    expect(JSON.parse(definition!.description)).toEqual(['{}', ...Array(4).fill('ERR_ACCESS_DENIED')]);
  });

  it.each<[string, string, RegExp]>([
    ['a file elsewhere', `import '../secrets/x.mjs';`, /it wants to read \/\S+secrets\/x\.mjs, which it may not/],
    [
      'a program',
      `import { execFileSync } from 'node:child_process'; execFileSync('env');`,
      /it wants to start env, which it may not/,
    ],
    ['a variable', `if (!process.env.URL) throw new Error('URL is not set');`, /URL is not set/],
  ])('are refused of a module that needs %s when it is imported, with what to do about it', async (_, code, reason) => {
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets', 'x.mjs'), '');
    mkdirSync(join(folder, 'tools'));
    const path = join(folder, 'tools', 'tools.mjs');
    writeFileSync(path, `${code} ${tool("'calm'")}`);
    const error: unknown = await definitionsApart([path]).catch((problem: unknown) => problem);
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message).toMatch(/without an environment[^]*inside run\(\)[^]*beside the module/);
  });

  it.each([
    ['throws', `throw new Error('no database');`, /no database/],
    ['exits', `process.exit(3);`, /exit code 3/],
    ['exports nothing', `export const one = 1;`, /exports no tool/],
  ])('are refused of a module that %s', async (_, code, reason) => {
    const error: unknown = await definitionsApart([module(code)]).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(reason);
  });
});
