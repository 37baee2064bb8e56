import { RetryableError } from '@countersign/contracts/problems';
import { expect, it } from 'vitest';
import { PeopleQueries } from './people-queries.js';

it('runs so many at once, the others in their turn, and refuses what would wait too long', async () => {
  const queries = new PeopleQueries(2, 3);
  const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const run = (n: number) => queries.run(async () => (begun.push(n), gates[n]!.promise));
  const running = [0, 1, 2, 3, 4].map(run);
  expect(begun).toEqual([0, 1]);
  await expect(run(5)).rejects.toThrow(RetryableError);
  gates[1]!.reject(new Error('down'));
  await expect(running[1]).rejects.toThrow('down');
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all([0, 2, 3, 4].map((n) => running[n]));
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  begun.length = 0;
  await Promise.all([run(0), run(2)]);
  expect(begun).toEqual([0, 2]);
});
