import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventNames } from './catalogue.js';
import { eventReference } from './event-reference.js';
import { problemReference } from '../problems/problem-reference.js';
import { eventJsonSchemas } from './json-schemas.js';

const docs = '../../../../docs';

/** `vitest run -u --project contracts` writes them anew. */
describe('the published documents', () => {
  it.each(Object.entries(eventJsonSchemas()))('show the schema of %s as it is', async (name, schema) => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(`${docs}/schemas/${name}.json`);
  });

  it('show no schema of an event that there is no more', () => {
    const files = readdirSync(new URL(`${docs}/schemas/`, import.meta.url)).filter((file) => file.endsWith('.json'));
    expect(files.toSorted()).toEqual(eventNames.map((name) => `${name}.json`).toSorted());
  });

  it('describe every event as it is', async () => {
    await expect(eventReference()).toMatchFileSnapshot(`${docs}/events.md`);
  });

  it('list every problem that HTTP answers with', async () => {
    await expect(problemReference()).toMatchFileSnapshot(`${docs}/problems.md`);
  });
});
