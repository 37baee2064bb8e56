import { Ajv2020 } from 'ajv/dist/2020.js';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { asyncApi, asyncApiText } from './document.js';
import { lint } from './linter/linter.js';

const docs = new URL('../../docs/', import.meta.url);
const file = fileURLToPath(new URL('asyncapi.yaml', docs));
/** Its packages are fetched once. */
const fetched = 200_000;

it('docs/asyncapi.yaml describes the topics as they are', async () => {
  await expect(asyncApiText()).toMatchFileSnapshot('../../docs/asyncapi.yaml');
});

it(
  'is AsyncAPI 3, and the linter of those who define it finds nothing, not even a hint',
  async () => {
    expect(await lint(asyncApiText(), file)).toEqual([]);
  },
  fetched,
);

it(
  'which does find a planted mistake',
  async () => {
    const planted = { ...asyncApi(), channels: { a: { address: 7 } } };
    expect((await lint(stringify(planted), file)).map(({ path }) => path.join('/'))).toContain('channels/a/address');
  },
  fetched,
);

it('refers to what is there, and its examples are what it says', () => {
  const { channels, components, operations } = asyncApi();
  for (const { channel } of Object.values(operations))
    expect(channels).toHaveProperty([channel.$ref.split('/').at(-1)!]);
  for (const { messages } of Object.values(channels))
    for (const name of Object.keys(messages)) expect(components.messages).toHaveProperty([name]);
  const text = JSON.stringify(components);
  for (const [, file] of text.matchAll(/"\.\/(schemas\/[^"]+)"/g))
    expect(existsSync(new URL(file!, docs)), file).toBe(true);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const message of Object.values(components.messages)) {
    if (!('headers' in message)) continue;
    const [example] = message.examples as [{ headers: object }];
    expect(ajv.validate(message.headers as object, example.headers), message.name as string).toBe(true);
  }
});
