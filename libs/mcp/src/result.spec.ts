import { describe, expect, it } from 'vitest';
import { textOf } from './result.js';

describe('what a model reads of a result that is JSON alone', () => {
  const read = (json: string) =>
    textOf({ content: [], structuredContent: JSON.parse(json) as Record<string, unknown> });

  it('is that JSON', () => {
    expect(read('{"id": 9007199254740991, "ratio": 0.5}')).toBe('{"id":9007199254740991,"ratio":0.5}');
  });

  it('says of a number that may have been rounded that it is not the one that was sent', () => {
    expect(read('{"id": 2512292042121000001}')).toBe(
      '{"id":"about 2512292042121000000: the server sent a number that is too wide to be kept exactly"}',
    );
  });

  it('is the text of the server where there is one', () => {
    const content = [{ type: 'text' as const, text: '{"id": 2512292042121000001}' }];
    expect(textOf({ content, structuredContent: { id: 1 } })).toBe('{"id": 2512292042121000001}');
  });
});
