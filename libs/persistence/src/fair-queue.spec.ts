import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.js';

/** Work begins in the order of ranks, as many pieces as told. */
function world() {
  const queue = new FairQueue(1_000);
  const waiting: { owner: string; rank: number }[] = [];
  return {
    queue,
    add: (owner: string, count = 1) => {
      for (let n = 0; n < count; n += 1) waiting.push({ owner, rank: queue.rank(owner) });
    },
    begin: (count: number): string => {
      const owners: string[] = [];
      for (let n = 0; n < count; n += 1) {
        const first = waiting.toSorted((one, other) => one.rank - other.rank)[0];
        if (!first) break;
        waiting.splice(waiting.indexOf(first), 1);
        queue.begins(first.rank);
        owners.push(first.owner[0]!);
      }
      return owners.join('');
    },
  };
}

describe('a fair queue', () => {
  it('lets the first of one begin after a few of another, however many those are', () => {
    const { add, begin } = world();
    add('alice', 500);
    expect(begin(6)).toBe('aaaaaa');
    add('bob');
    expect(begin(3)).toMatch(/^a?b/);
  });

  it('lets owners take turns', () => {
    const { add, begin } = world();
    add('alice', 50);
    add('bob', 3);
    add('carol', 2);
    expect(begin(9)).toBe('abcabcaba');
  });

  it('is fair to whoever has much as well: one who comes again and again takes turns too', () => {
    const { add, begin } = world();
    add('alice', 100);
    let begun = '';
    for (let n = 0; n < 20; n += 1) {
      add('carol');
      begun += begin(1);
    }
    expect(begun.replaceAll('c', '').length).toBeGreaterThanOrEqual(9);
  });

  it('holds nobody to what was long ago', () => {
    const { add, begin } = world();
    add('alice', 100);
    begin(100);
    add('bob', 2);
    add('alice', 2);
    expect(begin(4)).toBe('baba');
  });

  it('knows how many of an owner wait', () => {
    const { add, begin, queue } = world();
    add('alice', 10);
    add('bob');
    expect([queue.waiting('alice'), queue.waiting('bob'), queue.waiting('carol')]).toEqual([10, 1, 0]);
    begin(4);
    expect(queue.waiting('alice')).toBe(7);
    begin(7);
    expect(queue.waiting('alice')).toBe(0);
  });
});
