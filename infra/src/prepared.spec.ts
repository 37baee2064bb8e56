import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepared } from './prepared.js';

const run = promisify(execFile);
const source = fileURLToPath(new URL('prepared.ts', import.meta.url));

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'countersign-prepared-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

/** A process that prepares `cache`, with `fill` as the body of what fills it. */
const process_ = (fill: string) =>
  run(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { prepared } from ${JSON.stringify(source)};
     import { appendFile, writeFile } from 'node:fs/promises';
     await prepared(${JSON.stringify(join(parent, 'cache'))}, async (work) => { ${fill} });`,
  ]);

const fillSlowly = `await appendFile(${'`${work}/../fills`'}, 'x');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await writeFile(work + '/whole', 'yes');`;

it('is filled once when several processes need it at the same time', async () => {
  await Promise.all([1, 2, 3, 4].map(() => process_(fillSlowly)));
  expect(await readFile(join(parent, 'fills'), 'utf8')).toBe('x');
  expect(await readFile(join(parent, 'cache', 'whole'), 'utf8')).toBe('yes');
});

it('is filled by the next one when the process that did it was ended', async () => {
  await expect(
    process_(`await writeFile(work + '/half', ''); process.kill(process.pid, 'SIGKILL');`),
  ).rejects.toThrow();
  await process_(fillSlowly);
  expect(await readdir(join(parent, 'cache'))).toEqual(['whole']);
});

it('leaves nothing behind when it cannot be filled, and can be tried again', async () => {
  const failing = prepared(join(parent, 'cache'), async (work) => {
    await writeFile(join(work, 'half'), '');
    throw new Error('no network');
  });
  await expect(failing).rejects.toThrow('no network');
  expect((await readdir(parent)).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  await prepared(join(parent, 'cache'), (work) => writeFile(join(work, 'whole'), 'yes'));
  expect(await readdir(join(parent, 'cache'))).toEqual(['whole']);
});
