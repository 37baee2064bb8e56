import { describe, expect, it } from 'vitest';
import { Clock } from '../../test/auth.fixtures.js';
import { FailureLimit } from './failure-limit.js';

describe('the limit of failures', () => {
  it('lets an address fail so many times in a window, then has it wait for the next', () => {
    const clock = new Clock();
    const failures = new FailureLimit({ now: clock.now, limit: 2, windowMs: 60_000 });
    expect(failures.count('a').wait).toBe(0);
    clock.pass(20);
    expect(failures.count('a').wait).toBe(0);
    expect(failures.count('a')).toEqual({ wait: 40, first: true });
    expect(failures.count('a')).toEqual({ wait: 40, first: false });
    expect(failures.count('b').wait).toBe(0);
    clock.pass(39.999);
    expect(failures.count('a').wait).toBe(1);
    clock.pass(0.001);
    expect(failures.count('a').wait).toBe(0);
  });

  it('remembers a bounded number of addresses', () => {
    const failures = new FailureLimit({ now: new Clock().now, limit: 1, capacity: 2 });
    for (const address of ['a', 'b', 'c']) expect(failures.count(address).wait).toBe(0);
    expect(failures.count('c').wait).toBeGreaterThan(0);
    expect(failures.count('a').wait).toBe(0);
  });
});
