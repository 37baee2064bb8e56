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

it('leaves every mark in a text whose parts look different', () => {
  const spans = [
    { start: 0, end: 4, look: 'string' },
    { start: 5, end: 7, look: 'keyword' },
  ];
  expect(piecesOf('p\u0430\u202ey and so', true, spans)).toEqual([
    { text: 'p', mark: null, look: 'string' },
    { text: '\u0430', mark: 'lookalike' },
    { text: 'U+202E', mark: 'hidden' },
    { text: 'y', mark: null, look: 'string' },
    { text: ' ', mark: null },
    { text: 'an', mark: null, look: 'keyword' },
    { text: 'd so', mark: null },
  ]);
});
