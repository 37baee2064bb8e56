import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Backoff } from './backoff.js';
import { EpochMillis, EpochSeconds } from './epoch.js';
import {
  after,
  atMillis,
  atSeconds,
  earliest,
  latest,
  millisOf,
  secondsOf,
  sentAtTheEarliest,
  systemClock,
  toEpochMillis,
  toEpochSeconds,
  type Millis,
  type Seconds,
} from './time.js';
import type { Lease } from '../fields/fields.js';

describe('a point in time', () => {
  it('is in the second that has begun', () => {
    expect([0, 999, 1_000, 1_999].map((millis) => toEpochSeconds(atMillis(millis)))).toEqual([0, 0, 1, 1]);
    expect(toEpochMillis(atSeconds(3))).toBe(3_000);
  });

  it('comes from the clock of the system', () => {
    const before = Date.now();
    const now = systemClock();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('is a duration from another', () => {
    expect([after(atMillis(5_000), 250), after(atSeconds(5), -2)]).toEqual([5_250, 3]);
    expect([earliest(atSeconds(5), atSeconds(3)), latest(atSeconds(5), atSeconds(3))]).toEqual([3, 5]);
  });

  it('is what a schema takes for one', () => {
    expect(EpochSeconds.parse(7)).toBe(7);
    expect([-1, 0.5, '7', NaN].some((value) => EpochMillis.safeParse(value).success)).toBe(false);
  });

  it('is not in the other unit, nor any number, nor a duration', () => {
    expectTypeOf<EpochSeconds>().not.toExtend<EpochMillis>();
    expectTypeOf<EpochMillis>().not.toExtend<EpochSeconds>();
    expectTypeOf<number>().not.toExtend<EpochMillis>();
    expectTypeOf<number>().not.toExtend<EpochSeconds>();
    expectTypeOf<Millis>().not.toExtend<EpochMillis>();
    expectTypeOf<Seconds>().not.toExtend<EpochSeconds>();
    expectTypeOf<{ worker: string; expires_at: EpochSeconds }>().not.toExtend<Lease>();
    // @ts-expect-error -- what arithmetic by hand leads to
    toEpochMillis(atSeconds(1) + 60);
    // @ts-expect-error -- seconds after a time in milliseconds
    after(atMillis(1), secondsOf(30_000));
    // @ts-expect-error -- milliseconds after a time in seconds
    after(atSeconds(1), millisOf(30));
  });
});

describe('a duration', () => {
  it('is the same in the other unit', () => {
    expect([millisOf(1.5), secondsOf(250)]).toEqual([1_500, 0.25]);
  });

  it('is not in the other unit, nor a point in time, while a number in the code is one', () => {
    expectTypeOf(30_000).toExtend<Millis>();
    expectTypeOf<Seconds>().not.toExtend<Millis>();
    expectTypeOf<Millis>().not.toExtend<Seconds>();
    expectTypeOf<EpochMillis>().not.toExtend<Millis>();
    expectTypeOf<EpochSeconds>().not.toExtend<Seconds>();
    expectTypeOf<{ first_ms: Seconds; longest_ms: Seconds }>().not.toExtend<Backoff>();
  });
});

describe('a command', () => {
  const now = atSeconds(1_000_000);
  it.each([
    ['said by its sender, less what that may be ahead', 900_000, 899_970],
    ['now, less that, by a clock that is a little ahead', 1_000_030, 999_970],
    ['not known by a clock that is further ahead', 1_000_031, 0],
    ['not known when it says so', 0, 0],
  ])('was sent at the earliest when it is %s', (_, sent, earliest) => {
    expect(sentAtTheEarliest(atSeconds(sent), now)).toBe(earliest);
  });
});
