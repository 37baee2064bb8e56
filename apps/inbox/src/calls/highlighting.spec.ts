import type { Language } from '@countersign/contracts/presentation';
import { describe, expect, it } from 'vitest';
import { spansIn } from './highlighting.js';

/** Each line with what stands out of it. */
async function shown(language: Language, text: string) {
  const lines = text.split('\n');
  const spans = await spansIn(language, lines);
  return spans?.map((line, n) => line.map(({ start, end, look }) => `${look} ${lines[n]!.slice(start, end)}`));
}

describe('what stands out of code', () => {
  it('is said line by line, also of what goes over several', async () => {
    const script = 'set -eu\necho "a\n$HOME b" # why\nrm -rf /srv';
    expect(await shown('shell', script)).toEqual([
      ['token-keyword set'],
      ['token-keyword echo', 'token-string "a'],
      ['token-variable $HOME', 'token-string  b"', 'token-comment # why'],
      ['token-keyword rm'],
    ]);
    expect(await shown('sql', "DELETE FROM users -- all\nWHERE id = 7 AND name = 'x'")).toEqual([
      ['token-keyword DELETE', 'token-keyword FROM', 'token-comment -- all'],
      [
        'token-keyword WHERE',
        'token-keyword =',
        'token-number 7',
        'token-keyword AND',
        'token-keyword =',
        "token-string 'x'",
      ],
    ]);
  });

  it('is nothing of plain text, and of what is too long', async () => {
    expect(await shown('text', 'echo "a"')).toBeUndefined();
    expect(await shown('shell', 'echo "a"\n'.repeat(3_000))).toBeUndefined();
  });

  it.each(['\r', '\u202eab', '<b>&amp;</b>', '\ud800', '', '\n\n', '"\n'.repeat(50), '{"a":'])(
    'has the places of the text itself: %j',
    async (text) => {
      for (const language of ['shell', 'sql', 'markdown', 'json'] as const) {
        const lines = text.split('\n');
        const spans = (await spansIn(language, lines))!;
        expect(spans).toHaveLength(lines.length);
        for (const [n, line] of spans.entries()) {
          let at = 0;
          for (const { start, end } of line) {
            expect(start).toBeGreaterThanOrEqual(at);
            expect(end).toBeLessThanOrEqual(lines[n]!.length);
            at = end;
          }
        }
      }
    },
  );
});
