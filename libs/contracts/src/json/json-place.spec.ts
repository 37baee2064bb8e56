import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionOfError } from './json-place.js';

const at = (line: number, column: number) => `the character at line ${line}, column ${column} cannot stand there`;

describe('the place where a text stops being JSON', () => {
  it.each([
    ['', 'it ends too early'],
    ['{"a": 1', 'it ends too early'],
    ['["secret', 'it ends too early'],
    ['secret', at(1, 1)],
    ['{"a": s3cret}', at(1, 7)],
    ['{\n  "a": 01\n}', at(2, 8)],
    ['[1,]', at(1, 4)],
    ['{"a" 1}', at(1, 6)],
    ['{"a": 1]', at(1, 8)],
    ['[1] 2', at(1, 5)],
    ['["a\u0001"]', at(1, 4)],
    ['["\\x"]', at(1, 3)],
    ['{1: 2}', at(1, 2)],
    ['[1:2]', at(1, 3)],
  ])('of %j is: %s', (text, place) => {
    expect(positionOfError(text)).toBe(place);
  });

  it('is found wherever it is put, and before it is nothing wrong', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, n) => {
        const cut = n % (json.length + 1);
        const text = `${json.slice(0, cut)}\u0002${json.slice(cut)}`;
        expect(() => JSON.parse(text)).toThrow();
        const [, column] = /column (\d+)/.exec(positionOfError(text)) ?? [];
        expect(Number(column)).toBeLessThanOrEqual(cut + 1);
      }),
    );
  });
});
