import type { $brand } from 'zod';
import type { EpochMillis, EpochSeconds } from './epoch.js';

/**
 * Points in time and durations, of which the compiler knows the unit. At run time they are numbers.
 *
 * A point in time is nothing that a plain number can be taken for: it comes from a record, from a clock, or from one of
 * the functions below. Of durations, seconds are not taken for milliseconds nor the reverse, while numbers in the code
 * (`{ timeoutMs: 5_000 }`) are taken as they are.
 */
export type Seconds = number & Partial<$brand<'Seconds'>>;
export type Millis = number & Partial<$brand<'Millis'>>;

/** What tells the time. */
export type Clock = () => EpochMillis;
export const systemClock: Clock = () => atMillis(Date.now());

/** Of a number from elsewhere that is one by what it comes from, such as `Date.parse()` or a header. */
export const atMillis = (millis: number): EpochMillis => millis as EpochMillis;
export const atSeconds = (seconds: number): EpochSeconds => seconds as EpochSeconds;

/** The second that the time is in. */
export const toEpochSeconds = (at: EpochMillis): EpochSeconds => atSeconds(Math.floor(at / 1000));
export const toEpochMillis = (at: EpochSeconds): EpochMillis => atMillis(at * 1000);

/** A duration in the other unit, exactly. */
export const millisOf = (seconds: Seconds): Millis => seconds * 1000;
export const secondsOf = (millis: Millis): Seconds => millis / 1000;

/** So long after a point in time; before it with a negative duration. */
export function after(at: EpochMillis, duration: Millis): EpochMillis;
export function after(at: EpochSeconds, duration: Seconds): EpochSeconds;
export function after(at: number, duration: number): number {
  return at + duration;
}

export const earliest = <At extends EpochMillis | EpochSeconds>(...times: readonly At[]): At =>
  Math.min(...times) as At;
export const latest = <At extends EpochMillis | EpochSeconds>(...times: readonly At[]): At => Math.max(...times) as At;

/** How far a sender's clock may be ahead of ours. */
const aheadAtMost: Seconds = 30;

/**
 * Before which time a command was not sent, whatever its sender's clock says. It must not look younger than it is: after a
 * restore it would pass for one that is not known to have been obeyed. Of a time that lies ahead nothing is known.
 */
export function sentAtTheEarliest(sent: EpochSeconds, now: EpochSeconds): EpochSeconds {
  if (sent > after(now, aheadAtMost)) return atSeconds(0);
  return atSeconds(Math.max(0, earliest(sent, now) - aheadAtMost));
}
