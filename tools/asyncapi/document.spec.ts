import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { asyncApi, asyncApiText } from './document.js';

const docs = new URL('../../docs/', import.meta.url);
const official = (specs as unknown as { schemas: Record<string, object> }).schemas['3.0.0']!;

it('docs/asyncapi.yaml describes the topics as they are', async () => {
  await expect(asyncApiText()).toMatchFileSnapshot('../../docs/asyncapi.yaml');
});

it('is AsyncAPI 3, by the schema of those who define it', () => {
  const validate = new Ajv({ strict: false, meta: false, validateSchema: false, validateFormats: false }).compile(
    official,
  );
  const document: unknown = parse(asyncApiText());
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
  expect(validate({ ...(document as object), channels: { a: { address: 7 } } })).toBe(false);
});

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
