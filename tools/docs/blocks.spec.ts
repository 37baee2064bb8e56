import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStandalone, type Standalone } from '../../apps/standalone/test/standalone.fixtures.js';
import { blocksIn, pages, type Block } from './blocks.js';
import { Http } from './checks/http.js';
import { checkJson } from './checks/json.js';
import { checkShell } from './checks/shell.js';
import { checkTypeScript } from './checks/typescript.js';
import { checkYaml } from './checks/yaml.js';

/** How a block of each language is tested. There is no block in any other. */
const checks: Record<string, (block: Block, http: Http) => void | Promise<void>> = {
  json: checkJson,
  sh: checkShell,
  // Is run by `e2e/src/any-agent/frameworks.e2e.spec.ts`.
  python: () => undefined,
  // A picture, or what a program prints.
  text: () => undefined,
  ts: checkTypeScript,
  yaml: checkYaml,
};

const blocks = pages.flatMap(blocksIn);
const place = ({ file, line }: Block): string => `${file}:${line}`;

describe('what the docs show', () => {
  let standalone: Standalone;
  let http: Http;
  beforeAll(async () => {
    standalone = await openStandalone();
    http = new Http(await standalone.document());
  });
  afterAll(() => standalone.close());

  it('is found', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/operations.md', 'docs/adr/0001-state-machines-and-one-write.md']),
    );
    expect(blocks.length).toBeGreaterThan(20);
  });

  it.each(blocks.map((block) => [place(block), block] as const))('%s is true', async (_place, block) => {
    const check = Object.hasOwn(checks, block.language) ? checks[block.language] : undefined;
    expect(check, `a block in "${block.language}", which no test knows`).toBeDefined();
    await check!(block, http);
  });
});
