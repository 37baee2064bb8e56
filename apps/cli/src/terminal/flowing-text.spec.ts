import { expect, it } from 'vitest';
import { FlowingText } from './flowing-text.js';

function shown(width: number, ...pieces: string[]): string {
  let text = '';
  const flowing = new FlowingText((more) => (text += more), width, '  ');
  for (const piece of pieces) flowing.add(piece);
  flowing.end();
  return text;
}

it('is broken between words, wherever the pieces end', () => {
  expect(shown(12, 'one tw', 'o three', ' four five')).toBe('  one two\n  three four\n  five\n');
});

it('keeps its own lines, and begins with its first word', () => {
  expect(shown(80, '\n ', 'one \n', '\n  two')).toBe('  one\n  \n    two\n');
});

it('is nothing when nothing was said', () => {
  expect(shown(80, ' \n')).toBe('');
});

it('shows a character that comes in two pieces, and writes out what nobody would see', () => {
  expect(shown(80, 'a\ud83d', '\ude80 \u202eb')).toBe('  a🚀 [U+202E]b\n');
});

it('leaves a word alone that is wider than the terminal', () => {
  expect(shown(10, 'a-very-long-word b')).toBe('  a-very-long-word\n  b\n');
});
