import { describe, expect, it } from 'vitest';
import { Predicate } from './condition.js';
import { meets } from './predicate.js';
import type { Truth } from './truth.js';

const absent = Symbol('absent');
const met = (predicate: object, value: unknown): Truth =>
  meets(Predicate.parse(predicate), 'a', value === absent ? {} : { a: value });

describe('a predicate', () => {
  it.each<[object, unknown, Truth]>([
    [{ equals: 'x' }, 'x', true],
    [{ equals: 'x' }, 'X', false],
    [{ equals: 1 }, 1, true],
    [{ equals: false }, false, true],
    [{ not_equals: 'x' }, 'y', true],
    [{ not_equals: 'x' }, 'x', false],
    [{ in: ['x', 'y'] }, 'y', true],
    [{ in: ['x', 'y'] }, 'z', false],
    [{ in: ['x', 1] }, 2, false],
    [{ not_in: ['x', 'y'] }, 'z', true],
    [{ not_in: ['x', 'y'] }, 'x', false],
    [{ matches: '^payments-' }, 'payments-api', true],
    [{ matches: '^payments-' }, 'old-payments-api', false],
    [{ matches: 'pay' }, 'repayments', true],
    [{ matches: '^prod$' }, 'prod\n', false],
    [{ matches: '^.$' }, '💳', true],
    [{ greater_than: 5 }, 6, true],
    [{ greater_than: 5 }, 5, false],
    [{ less_than: 5 }, 4, true],
    [{ less_than: 5 }, 5, false],
    [{ at_least: 5 }, 5, true],
    [{ at_least: 5 }, 4.9, false],
    [{ at_most: 5 }, 5, true],
    [{ at_most: 5 }, 5.1, false],
    [{ exists: true }, 0, true],
    [{ exists: true }, '', true],
    [{ exists: true }, absent, false],
    [{ exists: true }, null, false],
    [{ exists: false }, absent, true],
    [{ exists: false }, null, true],
    [{ exists: false }, false, false],
    [{ contains: 'x' }, 'axb', true],
    [{ contains: 'x' }, 'abc', false],
    [{ contains: 'x' }, ['a', 'x'], true],
    [{ contains: 'x' }, ['ax'], false],
    [{ contains: 1 }, [1], true],
    [{ contains: 'x' }, [], false],
    [{ starts_with: 'ab' }, 'abc', true],
    [{ starts_with: 'ab' }, 'cab', false],
    [{ ends_with: 'bc' }, 'abc', true],
    [{ ends_with: 'bc' }, 'bca', false],
  ])('%j of %j is %s', (predicate, value, truth) => {
    expect(met(predicate, value)).toBe(truth);
  });

  it('asks for everything that it names', () => {
    expect(met({ at_least: 1, at_most: 5 }, 3)).toBe(true);
    expect(met({ at_least: 1, at_most: 5 }, 6)).toBe(false);
  });

  const comparisons = [
    { equals: 'x' },
    { not_equals: 'x' },
    { in: ['x'] },
    { not_in: ['x'] },
    { matches: 'x' },
    { greater_than: 1 },
    { less_than: 1 },
    { at_least: 1 },
    { at_most: 1 },
    { contains: 'x' },
    { starts_with: 'x' },
    { ends_with: 'x' },
  ];
  it.each(comparisons)('%j is open for an argument that is absent, null or of another type', (predicate) => {
    for (const value of [absent, null, undefined, true, {}, { x: 'x' }]) expect(met(predicate, value)).toBe('unknown');
  });

  it.each<[object, unknown]>([
    [{ equals: 1 }, '1'],
    [{ equals: 'x' }, ['x']],
    [{ not_in: [1, 2] }, '1'],
    [{ greater_than: 1 }, '2'],
    [{ greater_than: 1 }, Infinity],
    [{ contains: 1 }, '1'],
    [{ contains: 'x' }, [['x']]],
    [{ contains: 'x' }, ['y', { name: 'x' }]],
    [{ matches: 'x' }, 'x'.repeat(10_001)],
  ])('%j is open for %j, which it does not compare', (predicate, value) => {
    expect(met(predicate, value)).toBe('unknown');
  });

  it('that is open stays so, unless another one that it names is not met', () => {
    expect(met({ exists: true, equals: 'x' }, absent)).toBe(false);
    expect(met({ exists: false, equals: 'x' }, absent)).toBe('unknown');
  });
});

describe('the path to an argument', () => {
  const args = { a: { b: [{ c: 1 }], 'd.e': 1 }, 'a.b': 2, text: 'x', nothing: null };
  it.each<[string, object, Truth]>([
    ['a.b.0.c', { equals: 1 }, true],
    ['a.b.1.c', { exists: false }, true],
    ['a.b.1.c', { equals: 1 }, 'unknown'],
    ['nothing.b', { exists: false }, true],
    // The name of an argument has no dot for a policy, so nobody can hide one behind another.
    ['a.b', { equals: 2 }, 'unknown'],
    ['a.d.e', { exists: true }, false],
    // Neither what every object has nor the parts of a text are arguments.
    ['constructor', { exists: true }, false],
    ['__proto__.toString', { exists: true }, false],
    ['a.b.length', { exists: true }, 'unknown'],
    ['text.0', { exists: true }, 'unknown'],
    ['text.0', { exists: false }, 'unknown'],
    ['text.0', { equals: 'x' }, 'unknown'],
  ])('%s: %j is %s', (path, predicate, truth) => {
    expect(meets(Predicate.parse(predicate), path, args)).toBe(truth);
  });
});

describe('a predicate that ignores case', () => {
  const is = (predicate: object, value: unknown) =>
    meets(Predicate.parse({ ...predicate, ignore_case: true }), 'a', { a: value });

  it.each<[object, unknown, Truth]>([
    [{ equals: 'Production' }, 'PRODUCTION', true],
    [{ equals: 'production' }, ' Ｐroduction ', true],
    [{ equals: 'straße' }, 'STRASSE', true],
    [{ equals: 'production' }, 'staging', false],
    [{ equals: 1 }, 1, true],
    [{ equals: 'production' }, 1, 'unknown'],
    [{ not_equals: 'Production' }, 'PRODUCTION', false],
    [{ in: ['Prod', 'Live'] }, 'LIVE', true],
    [{ not_in: ['Prod', 'Live'] }, 'LIVE', false],
    [{ contains: 'PROD' }, 'my-prod-db', true],
    [{ contains: 'PROD' }, ['Stage', 'Prod'], true],
    [{ contains: ' x' }, 'ax', false],
    [{ starts_with: 'Prod ' }, 'production', false],
    [{ starts_with: 'Prod ' }, 'PROD 1', true],
    [{ ends_with: '.COM' }, 'a.com', true],
    [{ matches: '^(Prod|Live)$' }, 'LIVE', true],
    [{ matches: '\\SRod' }, 'PROD', true],
    [{ exists: true }, 'X', true],
    [{ at_least: 2 }, 3, true],
  ])('%j of %j is %s', (predicate, value, truth) => {
    expect(is(predicate, value)).toBe(truth);
  });

  it('has to ask something', () => {
    expect(Predicate.safeParse({ ignore_case: true }).success).toBe(false);
  });
});
