import { argumentProblems } from '@countersign/definitions/templates';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gatedTools, type Gate } from './tools.js';

const { seed = 17, numRuns = 1_000 } = fc.readConfigureGlobal();
const none: Gate = { approval: 'none', user_input: [], redact: [] };
const plain = { name: 'plain', inputSchema: { type: 'object' as const } };

it('a tool never holds up the others, whatever its schema is', () => {
  const keyword = fc.constantFrom(
    'type',
    'properties',
    'items',
    'anyOf',
    'allOf',
    'not',
    'enum',
    'required',
    '$ref',
    'pattern',
    'id',
    '$id',
    'exclusiveMinimum',
    'minimum',
    'patternProperties',
    '$defs',
    'dependencies',
    'format',
    '$schema',
    'if',
  );
  const { schema } = fc.letrec((tie) => ({
    schema: fc.oneof(
      {
        weight: 1,
        arbitrary: fc.constantFrom<unknown>(true, {}, null, 'x', '[', '(?P<n>', 7, '#', 'object', 'array'),
      },
      { weight: 1, arbitrary: fc.array(tie('schema'), { maxLength: 2 }) },
      { weight: 3, arbitrary: fc.dictionary(fc.oneof(keyword, fc.constant('a')), tie('schema'), { maxKeys: 4 }) },
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(keyword, schema, { maxKeys: 4 }), (inputSchema) => {
      const tool = { name: 'odd', inputSchema } as never;
      const { tools: kept, leftOut } = gatedTools({ name: 's', where: 'here' }, [tool, plain], {
        '*': none,
      });
      expect(kept.length + leftOut.length).toBe(2);
      for (const { definition } of kept) argumentProblems(definition.parameters, { a: 1 });
    }),
    { seed, numRuns },
  );
});
