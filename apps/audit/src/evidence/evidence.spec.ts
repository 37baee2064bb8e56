import { eventJsonSchema } from '@countersign/contracts';
import { systemClock } from '@countersign/contracts/time';
import { hash } from 'node:crypto';
import { expect, it } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { canonicalText } from '../record/canonical-text.js';
import { Evidence } from './evidence.js';
import { schemaCollection, Schemas } from './schemas.js';

it.each([
  ['rules', 'rules', 'config.rules_declared', 'approval.resolved', 'policy_version'],
  ['agents', 'definition', 'config.agent_declared', 'tool.approval_required', 'agent_version'],
] as const)(
  'the %s in evidence are those that an event names, whoever else published others under their version',
  async (name, field, declared, type, named) => {
    const text = { default: 'approve', groups: {}, rules: [{ name: 'r' }] };
    const version = hash('sha256', canonicalText(text)).slice(0, 32);
    const { database, log, recorder } = openRecord();
    const schemas = new Schemas(database.collection(schemaCollection).store, systemClock);
    const schema = await schemas.versionOf(type);
    const one = recorder();
    await one.record(event(1, { type, key: 'run-1', data: { [named]: version }, schema }));
    await one.record(event(4, { type, key: 'run-1', data: { [named]: 'f'.repeat(32) } }));
    for (const [n, given] of [{}, { ...text, default: 'reject' }, null, text].entries())
      await one.record(event(10 + n, { type: declared, key: version, data: { version, [field]: given } }));
    const checkpoints = {
      origin: 'o',
      at: async () => ({ origin: 'o', size: 6, root: '', note: 'note' }),
      sign: async () => 'seal',
    };
    const keys = { of: async () => ({ decisions: [], requests: [], results: [] }) };
    const bundle = await new Evidence({ log, checkpoints, keys, schemas }).of('run-1');
    expect(JSON.parse(bundle!.split('\n', 1)[0]!)).toMatchObject({
      [name]: [{ version, [field]: text }],
      schemas: [{ version: schema, schema: JSON.parse(JSON.stringify(eventJsonSchema(type))) }],
    });
  },
);
