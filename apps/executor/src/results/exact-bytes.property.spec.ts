import { callDigest } from '@countersign/contracts/calls';
import { canonicalJson, parseStrictJson } from '@countersign/contracts/json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callWith } from '../../test/adapter.fixtures.js';
import { parsedJson, textAt } from './json-text.js';
import { compileJson } from '../templates/json.js';
import { compileTemplate } from '../templates/template.js';

const scope = { env: {} };

/** Numbers as somebody may write them, also those that cannot be kept. */
const number = fc.oneof(
  fc.constantFrom('-0', '0.0', '1.0', '1e0', '1E2', '-1.50e-3', '2512292042121000001', '1e400', '9007199254740993'),
  fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n.toExponential()),
);
const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    number,
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.constantFrom('true', 'false', '""', '{}', '[null]'),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => `[ ${values.join(' , ')} ]`),
    fc
      .uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 3 }), tie('value')), {
        selector: ([name]) => name,
        maxLength: 4,
      })
      .map((fields) => `{ ${fields.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')} }`),
  ),
})).value;

describe('what is shown, signed and run', () => {
  it('is the same to the byte, whatever a model wrote; or it is refused', () => {
    const alone = compileTemplate('{{arguments.a}}', scope);
    const body = compileJson({ a: '{{arguments.a}}' }, scope);
    fc.assert(
      fc.property(json, (value) => {
        const read = parseStrictJson(`{"a": ${value}}`);
        fc.pre(read.ok);
        const tool_args = (read as { value: { a: unknown } }).value;
        const shown = canonicalJson(tool_args);
        const { a } = tool_args;
        expect(alone(callWith(tool_args))).toBe(typeof a === 'string' ? a : canonicalJson(a));
        expect(canonicalJson(body(callWith(tool_args)))).toBe(shown);
        const again = parseStrictJson(shown);
        expect(again.ok && canonicalJson(again.value)).toBe(shown);
        // As a store and the log keep it.
        const stored = JSON.parse(JSON.stringify(tool_args)) as typeof tool_args;
        const call = { run_id: 'r', tool_call_id: 'c', tool_name: 't' };
        expect(callDigest({ ...call, tool_args: stored })).toBe(callDigest({ ...call, tool_args }));
      }),
      { numRuns: 500 },
    );
  });

  it('has numbers that mean what the model wrote', () => {
    const alone = compileTemplate('{{arguments.a}}', scope);
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (integer) => {
        const read = parseStrictJson(`{"a": ${integer}}`);
        if (read.ok) expect(BigInt(alone(callWith(read.value as { a: number }))!)).toBe(integer);
      }),
    );
  });
});

describe('what a target answers', () => {
  it('is passed on to the last digit', () => {
    const answer = parsedJson('{"id": 2512292042121000001, "list": [1.0, 0.12345678901234567890], "small": 12}');
    expect(textAt(answer, '/id')).toBe('2512292042121000001');
    expect(textAt(answer, '/list/1')).toBe('0.12345678901234567890');
    expect(textAt(answer, '/small')).toBe('12');
    expect(textAt(answer, '')).toBe('{"id":2512292042121000001,"list":[1,0.12345678901234567890],"small":12}');
    const response = { body: answer, headers: {}, url: new URL('https://x.example/') };
    expect(compileTemplate('/runs/{{response./id}}', scope)(callWith(), response)).toBe('/runs/2512292042121000001');
  });

  it('says nothing where it says two things', () => {
    expect(parsedJson('{"id": 1, "id": 2}')).toBeUndefined();
  });
});
