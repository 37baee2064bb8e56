import { expect, it } from 'vitest';
import { piecesOf } from './pieces.js';

it.each([
  ['plain', [['plain', false]]],
  ['', []],
  ['two\r\nlines', [['two\nlines', false]]],
  [
    'a\u202eb',
    [
      ['a', false],
      ['U+202E', true],
      ['b', false],
    ],
  ],
  [
    '\u0007\u200b',
    [
      ['U+0007', true],
      ['U+200B', true],
    ],
  ],
  ['[U+202E]', [['[U+202E]', false]]],
] as const)('a text falls into what is seen and what is not: %j', (text, pieces) => {
  expect(piecesOf(text).map((piece) => [piece.text, piece.mark === 'hidden'])).toEqual(pieces);
});

it('marks what is easily taken for something else, where that is asked for', () => {
  expect(piecesOf('p\u0430y').length).toBe(1);
  expect(piecesOf('p\u0430y', true)).toEqual([
    { text: 'p', mark: null },
    { text: '\u0430', mark: 'lookalike' },
    { text: 'y', mark: null },
  ]);
});
