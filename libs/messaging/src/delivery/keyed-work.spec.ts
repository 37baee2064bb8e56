import { expect, test } from 'vitest';
import { KeyedWork } from './keyed-work.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Adds jobs that start when their turn comes and end when told to. */
function workshop(limit: number) {
  const work = new KeyedWork(limit);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (key: string | null, name: string) =>
    work.add(key, () => {
      started.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string) => {
    ends.get(name)!();
    await turn();
  };
  return { work, started, add, end };
}

test('jobs of one key run one after another, those of other keys and of none at the same time', async () => {
  const { work, started, add, end } = workshop(10);
  add('a', 'a1');
  add('a', 'a2');
  add('b', 'b1');
  add(null, 'x');
  add(null, 'y');
  expect(started).toEqual(['a1', 'b1', 'x', 'y']);
  await end('a1');
  expect(started).toEqual(['a1', 'b1', 'x', 'y', 'a2']);
  for (const name of ['a2', 'b1', 'x', 'y']) await end(name);
  expect(work.size).toBe(0);
});

test('no more run at once than the limit, and a busy key does not starve the others', async () => {
  const { work, started, add, end } = workshop(2);
  for (const name of ['a1', 'a2', 'a3']) add('a', name);
  add('b', 'b1');
  add('c', 'c1');
  expect(started).toEqual(['a1', 'b1']);
  expect(work.size).toBe(5);
  await end('a1');
  expect(started).toEqual(['a1', 'b1', 'c1']);
  await end('c1');
  expect(started).toEqual(['a1', 'b1', 'c1', 'a2']);
});

test('it is idle once nothing is at work or waiting', async () => {
  const { work, add, end } = workshop(1);
  await work.idle();
  for (const name of ['a1', 'a2']) add('a', name);
  let idle = false;
  const waiting = work.idle().then(() => (idle = true));
  await end('a1');
  expect(idle).toBe(false);
  await end('a2');
  await waiting;
});
