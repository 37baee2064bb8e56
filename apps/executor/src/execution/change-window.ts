import { type EpochMillis, atMillis, earliest, latest } from '@countersign/contracts/time';
import type { ChangeWindow } from '@countersign/definitions/execute';
import { DateTime } from 'luxon';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** A window opens at least once a week; a change of the clocks may take a day's away. */
const searched = 15;

/**
 * When calls may begin: `now` while a window is open, and otherwise when the next one opens.
 * Times are those of the wall clock in the window's zone, so a window keeps its hours when the clocks change.
 */
export function nextOpening(windows: readonly ChangeWindow[], now: EpochMillis): EpochMillis {
  return earliest(...windows.map((window) => openingOf(window, now)));
}

function openingOf(window: ChangeWindow, now: EpochMillis): EpochMillis {
  const today = DateTime.fromMillis(now, { zone: window.time_zone }).startOf('day');
  // Yesterday's may go past midnight.
  for (let day = -1; day < searched; day += 1) {
    const start = today.plus({ days: day });
    if (!window.days.includes(days[start.weekday - 1]!)) continue;
    const [opens, closes] = [at(start, window.from), at(endDay(start, window), window.until)];
    if (now < closes) return latest(now, opens);
  }
  throw new Error('a change window never opens');
}

const endDay = (start: DateTime, { from, until }: ChangeWindow): DateTime =>
  until > from ? start : start.plus({ days: 1 });

function at(day: DateTime, time: string): EpochMillis {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return atMillis((hour === 24 ? day.plus({ days: 1 }) : day.set({ hour, minute })).toMillis());
}
