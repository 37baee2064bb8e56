import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../test/cli.fixtures.js';
import { Screen } from './screen.js';
import { fields, table, type Column } from './table.js';
import { clip } from './text-width.js';

interface Row {
  id: string;
  text: string;
}
const columns: Column<Row>[] = [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'TEXT', value: ({ text }) => text, shrinks: true },
  { title: 'END', value: () => 'x' },
];
const screenOf = (width?: number) =>
  new Screen(environmentOf({ ...(width !== undefined && { columns: width }) }).environment, { color: false });

describe('a table', () => {
  it('is aligned, also where characters are wide', () => {
    const rows = [
      { id: '部署', text: 'short' },
      { id: 'a', text: 'a longer text' },
    ];
    expect(table(screenOf(), columns, rows)).toEqual([
      'ID    TEXT           END',
      '部署  short          x',
      'a     a longer text  x',
    ]);
  });

  it('fits the terminal, at the expense of the column that can spare it', () => {
    const lines = table(screenOf(30), columns, [{ id: 'a', text: 'much too long for a narrow terminal' }]);
    expect(lines).toEqual(['ID  TEXT                   END', 'a   much too long for a …  x']);
  });

  it('leaves out what is extra before it cuts too much of the rest', () => {
    const extra = { title: 'EXTRA', value: () => 'an extra column', isExtra: true };
    const rows = [{ id: 'a', text: 'a text of thirty-five characters or' }];
    expect(table(screenOf(60), [...columns, extra], rows)[1]).toBe(
      'a   a text of thirty-five characters …  x    an extra column',
    );
    expect(table(screenOf(50), [...columns, extra], rows)[1]).toBe('a   a text of thirty-five characters or  x');
  });

  it('is never cut in a pipe', () => {
    const text = 'a'.repeat(500);
    expect(table(screenOf(), columns, [{ id: 'a', text }])[1]).toContain(text);
  });

  it('lets no value break a line, move the cursor or turn the direction of text', () => {
    const [, line] = table(screenOf(), columns, [{ id: 'a', text: 'one\ntwo\u001b[2J\u202etxet' }]);
    expect(line).toBe('a   one[U+000A]two[U+001B][2J[U+202E]txet  x');
  });
});

describe('fields', () => {
  it('are aligned; several lines of a value stay together, and what is unknown is left out', () => {
    expect(fields(screenOf(), { A: 'one\ntwo', Long: 'three', None: null })).toEqual([
      'A     one',
      '      two',
      'Long  three',
    ]);
  });
});

it('wraps the values of fields between words, where there is a terminal to fit', () => {
  expect(fields(screenOf(20), { Name: 'one two three four', Id: 'a-very-long-word-indeed' })).toEqual([
    'Name  one two three',
    '      four',
    'Id    a-very-long-word-indeed',
  ]);
});

it('clips what is too wide, and says so', () => {
  expect([clip('abcdef', 4), clip('abcd', 4)]).toEqual(['abc…', 'abcd']);
});
