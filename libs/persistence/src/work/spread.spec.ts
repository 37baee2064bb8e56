import { expect, it } from 'vitest';
import { Spread } from './spread.js';

it('reads what there are places for, in its order, while no claim is lost', () => {
  const spread = new Spread(() => expect.unreachable());
  spread.claimed({ won: 5, lost: 0 });
  expect([spread.reach(1), spread.reach(128), spread.order(['a', 'b'])]).toEqual([1, 128, ['a', 'b']]);
});

it('reads more, up to a limit, and takes of that by chance, for as long as claims are lost', () => {
  const keys = [0.3, 0.1, 0.2];
  const spread = new Spread(() => keys.shift()!);
  spread.claimed({ won: 0, lost: 1 });
  expect([spread.reach(1), spread.order(['a', 'b', 'c'])]).toEqual([2, ['b', 'c', 'a']]);
  spread.claimed({ won: 0, lost: 99 });
  expect([1, 2, 8, 128].map((places) => spread.reach(places))).toEqual([16, 32, 64, 128]);
  spread.claimed({ won: 50 * 15, lost: 0 });
  expect([spread.reach(1), spread.order(['a', 'b'])]).toEqual([1, ['a', 'b']]);
});
