import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../test/cli.fixtures.js';
import { jsonText, Screen } from './screen.js';

describe('JSON', () => {
  it('means the same, with what a terminal would obey or nobody would see written as escapes', () => {
    const value = { text: 'a\u009b2Jb\u202ec\u200bd\u{e0041}\n é 部' };
    const text = jsonText(value, 2);
    expect(text).not.toMatch(/[\u0080-\u009f\u202e\u200b]|\u{e0041}/u);
    expect(text).toContain('é 部');
    expect(JSON.parse(text)).toEqual(value);
  });

  it('is one line of a stream', () => {
    expect(jsonText({ text: 'a\nb' })).toBe('{"text":"a\\nb"}');
  });
});

describe('colours', () => {
  const painted = (columns: number | undefined, env: Record<string, string>, color = true) =>
    new Screen(environmentOf({ env, ...(columns !== undefined && { columns }) }).environment, { color }).paint(
      'red',
      'x',
    );
  const red = '\u001b[31mx\u001b[39m';

  it.each([
    ['on a terminal', 80, {}, true, red],
    ['not in a pipe', undefined, {}, true, 'x'],
    ['not with NO_COLOR', 80, { NO_COLOR: '1' }, true, 'x'],
    ['as before with an empty NO_COLOR', 80, { NO_COLOR: '' }, true, red],
    ['not with --no-color', 80, {}, false, 'x'],
    ['not on a terminal that has none', 80, { TERM: 'dumb' }, true, 'x'],
    ['in a pipe with FORCE_COLOR', undefined, { FORCE_COLOR: '1' }, true, red],
    ['not with both, since NO_COLOR counts', 80, { FORCE_COLOR: '1', NO_COLOR: '1' }, true, 'x'],
  ])('%s', (_when, columns, env, color, expected) => {
    expect(painted(columns, env as Record<string, string>, color)).toBe(expected);
  });
});
