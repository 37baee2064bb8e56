import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineChanges } from './line-changes.js';

const texts = (lines: ReturnType<typeof lineChanges>) => lines.map(({ text }) => text);

it('an edit of a script is shown line by line, with what stands around it', () => {
  const script = Array.from({ length: 12 }, (_, n) => `line ${n}`);
  const edited = script.with(6, 'rm -rf /').join('\n');
  expect(texts(lineChanges(script.join('\n'), edited))).toEqual([
    '⋯',
    ' line 3',
    ' line 4',
    ' line 5',
    '-line 6',
    '+rm -rf /',
    ' line 7',
    ' line 8',
    ' line 9',
    '⋯',
  ]);
});

it('nothing that is added or removed is left out', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '', ' a'), { maxLength: 8 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineChanges(before.join('\n'), after.join('\n'));
      const count = (kind: string) => lines.filter((line) => line.kind === kind).length;
      const [old, now] = [before.join('\n').split('\n').length, after.join('\n').split('\n').length];
      expect(count('added') - count('removed')).toBe(now - old);
      if (before.join('\n') !== after.join('\n')) expect(count('added') + count('removed')).toBeGreaterThan(0);
    }),
  );
});
