import type { ConversationItem, Run } from '@countersign/contracts/runs';
import { describe, expect, it } from 'vitest';
import { historyOf } from './history.js';
import {
  call,
  cancelRequested,
  claimed,
  completed,
  continued,
  now,
  paused,
  requested,
  responded,
  runAfter,
  text,
} from '../../test/run.fixtures.js';

const said = (content: string): Run => runAfter(requested, claimed, responded(text(content)));
const all = { max_items: 1_000, max_tokens: 1_000_000 };
const tokensOf = (items: readonly ConversationItem[]) => items.map((item) => JSON.stringify(item)).join('').length / 4;
const deployed = continued(paused, now, completed(paused.calls[0]!), claimed, responded(text('Deployed.')));
const question = { type: 'message', role: 'user', content: 'Deploy it.' };
const short = [question, { type: 'message', role: 'assistant', content: 'Deployed.' }];

describe('what a run gets of its session', () => {
  it('are the earlier runs, oldest first, with all that was said and done', () => {
    const [newer, older] = [deployed, said('Hello.')];
    expect(historyOf([newer, older], all)).toEqual([...older.items, ...newer.items]);
    expect(deployed.items).toContainEqual(call('call_a'));
  });

  it('is nothing in a new session', () => {
    expect(historyOf([], all)).toEqual([]);
  });

  it('are as many of the latest as fit', () => {
    const runs = [said('Three.'), said('Two.'), said('One.')];
    expect(historyOf(runs, { ...all, max_items: 5 })).toEqual([...runs[1]!.items, ...runs[0]!.items]);
    const max_tokens = Math.ceil(tokensOf(runs[0]!.items));
    expect(historyOf(runs, { ...all, max_tokens })).toEqual(runs[0]!.items);
    expect(historyOf(runs, { ...all, max_items: 0 })).toEqual([]);
  });

  it('is a run’s question and answer when the whole of it does not fit', () => {
    expect(historyOf([deployed], { ...all, max_items: deployed.items.length - 1 })).toEqual(short);
    expect(historyOf([deployed], { ...all, max_tokens: Math.ceil(tokensOf(short)) })).toEqual(short);
  });

  it('has no gap: what came before a run that does not fit is left out', () => {
    const cancelled = continued(paused, now, cancelRequested);
    expect(historyOf([said('Last.'), cancelled, said('First.')], { ...all, max_items: 4 })).toEqual(
      said('Last.').items,
    );
  });
});
