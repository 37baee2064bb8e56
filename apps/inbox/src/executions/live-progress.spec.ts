import { describe, expect, it } from 'vitest';
import {
  further,
  applyProgress,
  isGap,
  nothingPrinted,
  withLiveProgress,
  type CallUpdate,
  type LiveProgress,
} from './live-progress.js';

const lines = ['one\n', 'two\n', 'three\n', 'four\n'];
const all = lines.join('');
const news = (n: number, more: Partial<CallUpdate> = {}): CallUpdate => ({
  execution_id: 'approval-1',
  attempt: 1,
  output: lines[n]!,
  offset: lines.slice(0, n).join('').length,
  percent: null,
  message: null,
  ...more,
});
const heardOf = (...given: CallUpdate[]): LiveProgress | undefined =>
  given.reduce<LiveProgress | undefined>((heard, each) => applyProgress(heard, each), undefined);
const stored = (count: number, attempt = 1) => ({ attempt, text: lines.slice(0, count).join('') });

describe('the output of a call that is being made', () => {
  it('is what arrived from the beginning on', () => {
    const heard = heardOf(news(0), news(1), news(2, { percent: 75, message: 'soon' }))!;
    expect(withLiveProgress(nothingPrinted, heard)).toEqual(stored(3));
    expect(heard.progress).toEqual({ percent: 75, message: 'soon' });
  });

  it('has each line once, however far it was stored when it was read', () => {
    const every = lines.map((_, n) => news(n));
    for (const [count] of lines.entries()) {
      const heard = heardOf(...every.slice(count))!;
      for (const known of [...lines, ''].map((_, n) => stored(n))) {
        if (known.text.length < heard.from) expect(isGap(known, heard)).toBe(true);
        else expect(withLiveProgress(known, heard)).toEqual({ attempt: 1, text: all });
      }
    }
  });

  it('ends before a gap until that is read, and loses nothing that it had', () => {
    const known = withLiveProgress(nothingPrinted, heardOf(news(0), news(1))!);
    const heard = heardOf(news(0), news(1), news(3))!;
    expect(isGap(known, heard)).toBe(true);
    expect(withLiveProgress(known, heard)).toEqual(stored(2));
    expect(withLiveProgress(further(known, stored(1)), heard)).toEqual(stored(2));
    expect(withLiveProgress(further(known, stored(3)), heard)).toEqual({ attempt: 1, text: all });
  });

  it('does not repeat an update that comes twice', () => {
    const heard = heardOf(news(0), news(1), news(0), news(1), news(2))!;
    expect(withLiveProgress(nothingPrinted, heard)).toEqual(stored(3));
  });

  it('is that of the latest attempt, whatever an earlier worker still says', () => {
    const again = { attempt: 2, output: 'again\n', offset: 0 };
    const heard = heardOf(news(0), news(1, again), news(1))!;
    expect(isGap(stored(2), heard)).toBe(false);
    expect(withLiveProgress(stored(2), heard)).toEqual({ attempt: 2, text: 'again\n' });
    expect(withLiveProgress({ attempt: 2, text: '' }, heardOf(news(0))!)).toEqual({ attempt: 2, text: '' });
    expect(further(stored(3), { attempt: 2, text: '' })).toEqual({ attempt: 2, text: '' });
  });

  it('is as it is stored where an executor does not say what came before', () => {
    const heard = heardOf(news(0, { offset: null }), news(1, { offset: null, percent: 50 }))!;
    expect(withLiveProgress(stored(1), heard)).toEqual(stored(1));
    expect(heard.progress.percent).toBe(50);
  });
});
