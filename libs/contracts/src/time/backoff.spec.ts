import { afterEach, expect, it, vi } from 'vitest';
import { backoffMs, jitteredBackoffMs } from './backoff.js';

afterEach(() => vi.restoreAllMocks());

const delays = [0, 1, 2, 3, 5_000];

it('grows by its factor up to the longest delay, after however many retries', () => {
  expect(delays.map((retries) => backoffMs({ first_ms: 100, longest_ms: 500 }, retries))).toEqual([
    100, 200, 400, 500, 500,
  ]);
  expect(delays.map((retries) => backoffMs({ first_ms: 5, longest_ms: 100, factor: 3 }, retries))).toEqual([
    5, 15, 45, 100, 100,
  ]);
});

it('is between half of the delay and all of it with jitter', () => {
  const random = vi.spyOn(Math, 'random');
  const around = (chance: number) => {
    random.mockReturnValue(chance);
    return jitteredBackoffMs({ first_ms: 100, longest_ms: 500 }, 1);
  };
  expect([0, 0.5, 1].map(around)).toEqual([100, 150, 200]);
});
