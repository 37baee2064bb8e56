import type { EpochSeconds, Seconds } from '@countersign/contracts/time';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** A time in seconds in few words, such as `3 h 5 min`. */
export function duration(seconds: Seconds): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < minute) return `${s} s`;
  if (s < hour) return `${Math.floor(s / minute)} min`;
  if (s < day) return inTwo(s, [hour, 'h'], [minute, 'min']);
  return inTwo(s, [day, 'd'], [hour, 'h']);
}

/** The same in one unit, rounded down, such as `3 h`. */
export const shortly = (seconds: Seconds): string => duration(seconds).split(' ').slice(0, 2).join(' ');

type Unit = [seconds: number, name: string];

function inTwo(s: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((s % large) / small);
  return `${Math.floor(s / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}

/** How much a deadline presses. */
export function urgency(expires_at: EpochSeconds | null, now: EpochSeconds): 'none' | 'soon' | 'now' {
  if (expires_at === null || expires_at - now > hour) return 'none';
  return expires_at - now > 10 * minute ? 'soon' : 'now';
}
