import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.js';
import { annotationsOf } from '../schema/tool-annotations.js';
import { call, policies } from '../../test/policy.fixtures.js';

const reject = { then: { reject: 'No.' } };
const rule = (when: object) => policies([{ name: 'rule', when, ...reject }]);
const sawBy = (when: object, args: Record<string, unknown>) => evaluate(rule(when), call({ arguments: args })).saw;

describe('what a rule saw', () => {
  it('are the arguments that it compared, as it compared them', () => {
    const predicates = { a: { equals: 'x', ignore_case: true }, 'b.0': { at_least: 2 }, c: { exists: false } };
    expect(sawBy({ arguments: predicates }, { a: ' X', b: [3], d: 1 })).toEqual([
      { path: 'a', value: 'x' },
      { path: 'b.0', value: 3 },
      { path: 'c', value: null },
    ]);
  });

  it('are those of conditions inside conditions, each once', () => {
    const a = { arguments: { a: { equals: 'x' } } };
    const when = { all: [a], any: [a, { arguments: { b: { equals: 1 } } }], not: { arguments: { c: { equals: 1 } } } };
    expect(sawBy(when, { a: 'x', b: 1, c: 2 }).map(({ path }) => path)).toEqual(['a', 'b', 'c']);
  });

  it('is also the word of a server, where it is trusted', () => {
    const when = { annotations: { trusted: ['s'], readOnlyHint: true } };
    const by = (server: string) => evaluate(rule(when), call({ annotations: annotationsOf(server) })).saw;
    expect(by('s')).toEqual([]);
    const open = { name: 'open', when, then: { require: {} } };
    const sawOf = (server: string) => evaluate(policies([open]), call({ annotations: annotationsOf(server) })).saw;
    expect(sawOf('other')).toEqual([{ path: 'annotations.readOnlyHint', value: null }]);
  });

  it('is cut where it is long', () => {
    const [{ value } = { value: '' }] = sawBy({ arguments: { a: { exists: true } } }, { a: '😀'.repeat(1_000) });
    expect(String(value).length).toBeLessThan(210);
    expect(String(value).isWellFormed()).toBe(true);
  });

  it('is nothing where the default decides', () => {
    expect(evaluate(policies(), call({ arguments: { a: 1 } })).saw).toEqual([]);
  });

  it('is also what those compared of which it is open whether they match', () => {
    const open = { name: 'open', when: { arguments: { a: { equals: 'x' } } }, then: { require: {} } };
    const { saw, rule } = evaluate(policies([open]), call({ arguments: { a: 1 } }));
    expect({ saw, rule }).toEqual({ saw: [{ path: 'a', value: 1 }], rule: 'open' });
  });
});
