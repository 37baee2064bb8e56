import { ConfigError } from '@countersign/contracts/problems';
import { changesSince, toolVersion } from '@countersign/definitions';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadToolModules } from './tool-modules.js';

const library = JSON.stringify(join(import.meta.dirname, 'define-tool.ts'));
const zod = JSON.stringify(import.meta.resolve('zod'));
const prelude = `
  import { defineTool } from ${library};
  import { z } from ${zod};
  const tool = (name: string) => defineTool({ name, description: '', parameters: z.object({}), run: () => name });
`;

describe('modules with tools', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tools-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const tools = (name: string, exports: string) => file(name, `${prelude}\n${exports}`);
  const problems = async (...paths: string[]): Promise<string> => {
    const error: unknown = await loadToolModules(paths).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  };
  const names = async (...paths: string[]) =>
    (await loadToolModules(paths)).map(({ definition }) => definition.name).toSorted();

  it('offer what they export by name, as the default and in arrays, and nothing else', async () => {
    const first = tools('a.ts', `export const one = tool('one'); export default tool('two'); export const limit = 3;`);
    const second = tools('b.ts', `export default [tool('three'), [tool('four')]]; export const nothing = null;`);
    expect(await names(first, second)).toEqual(['four', 'one', 'three', 'two']);
  });

  it('can be called', async () => {
    const [tool] = await loadToolModules([tools('a.ts', `export default tool('one');`)]);
    const signal = new AbortController().signal;
    const context = { id: 'a', run_id: 'run-1', tool_call_id: 'call-1', attempt: 1, signal, progress() {} };
    expect(await tool!.run({}, context)).toBe('one');
  });

  it('may export one tool more than once', async () => {
    const path = tools('a.ts', `export const one = tool('one'); export default one; export const all = [one];`);
    const again = file('b.ts', `export * from './a.ts';`);
    expect(await names(path, path, again)).toEqual(['one']);
  });

  it('say which code a call of a tool runs, by a digest of the file that defines it', async () => {
    const path = tools('a.ts', `export const one = tool('one');`);
    const [before] = await loadToolModules([path]);
    const [same] = await loadToolModules([tools('same.ts', `export const one = tool('one');`)]);
    const [changed] = await loadToolModules([tools('c.ts', `export const one = tool('one'); // and more`)]);
    expect(before!.definition.effect).toMatch(/^[0-9a-f]{32}$/);
    expect(same!.definition).toEqual(before!.definition);
    expect(changesSince(toolVersion(before!.definition), changed!.definition)).toEqual(['what is done']);
  });

  it('may be none', async () => {
    expect(await loadToolModules([])).toEqual([]);
  });

  it('are refused with every problem of every file at once', async () => {
    const text = await problems(
      join(folder, 'missing.ts'),
      file('empty.ts', `export const limit = 3;`),
      file('broken.ts', `export default {;`),
      file('throws.ts', `throw new Error('no database');`),
      tools('wrong.ts', `export default tool('a name');`),
    );
    expect(text).toContain(`${folder}/missing.ts: there is no such file`);
    expect(text).toContain(`${folder}/empty.ts: exports no tool; export what defineTool() returns`);
    expect(text).toContain(`${folder}/broken.ts: cannot be loaded: `);
    expect(text).toContain(`${folder}/throws.ts: cannot be loaded: no database`);
    expect(text).toMatch(/wrong\.ts: cannot be loaded: The tool "a name" is not defined right/);
  });

  it('cannot give two tools one name', async () => {
    const text = await problems(
      tools('a.ts', `export default tool('one');`),
      tools('b.ts', `export default tool('one');`),
    );
    expect(text).toContain(`two tools are named "one": one of ${folder}/a.ts, one of ${folder}/b.ts`);
  });
});
