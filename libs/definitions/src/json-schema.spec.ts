import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { definitionsJsonSchema } from './json-schema.js';

const published = '../../../docs/countersign.schema.json';
const root = new URL('../../../countersign.yaml', import.meta.url);

const ajv = new Ajv({ allErrors: true });
formats.default(ajv);
const validate = ajv.compile(definitionsJsonSchema());

describe('the JSON Schema of countersign.yaml', () => {
  it('is published as it is; `vitest run -u --project definitions` writes it anew', async () => {
    await expect(`${JSON.stringify(definitionsJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(published);
  });

  it('is kept by the file of this project, which names it', () => {
    const text = readFileSync(root, 'utf8');
    validate(parse(text));
    expect(validate.errors).toBeNull();
    expect(text).toMatch(/^# yaml-language-server: \$schema=docs\/countersign\.schema\.json\n/);
  });

  it.each([
    [{ agent: [] }],
    [{ agents: [{ id: 'ops', name: 'Operations' }] }],
    [{ tools: [{ name: 'a b', description: '', parameters: {} }] }],
    [{ mcp_servers: [{ name: 's', command: 's', url: 'http://s', tools: {} }] }],
  ])('refuses %j', (file) => {
    expect(validate(file)).toBe(false);
  });
});
