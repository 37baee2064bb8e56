import { dataSchema, eventNames } from '@countersign/contracts';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SchemasController } from './schemas.controller.js';

const published = new URL('../../../../docs/schemas/', import.meta.url);
const schemas = new SchemasController();

describe('the schemas of events', () => {
  it.each(eventNames)('resolve: that of %s is the one that is published', (name) => {
    const id = dataSchema(name);
    expect(schemas.list()).toContain(id);
    expect(JSON.parse(schemas.one(id))).toEqual(JSON.parse(readFileSync(new URL(`${name}.json`, published), 'utf8')));
  });

  it.each([
    '',
    'run.started',
    'urn:countersign:event:run.started:2',
    'urn:countersign:event:__proto__:1',
    'constructor',
  ])('are not under %j', (id) => {
    expect(() => schemas.one(id)).toThrow(expect.objectContaining({ code: 'schema_not_found' }));
  });
});
