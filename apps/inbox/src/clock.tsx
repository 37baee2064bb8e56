import { systemClock, toEpochSeconds, toEpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import { signal } from '@preact/signals';
import { duration, shortly } from './time.js';

export const now = signal(toEpochSeconds(systemClock()));
setInterval(() => (now.value = toEpochSeconds(systemClock())), 1_000);

const exactly = (at: EpochSeconds): string => new Date(toEpochMillis(at)).toLocaleString();

/** How long ago something was; the exact time is its title. */
export function Ago({ at }: { at: EpochSeconds }) {
  const seconds = now.value - at;
  return (
    <time dateTime={new Date(toEpochMillis(at)).toISOString()} title={exactly(at)}>
      {seconds < 5 ? 'just now' : `${duration(seconds)} ago`}
    </time>
  );
}

/** How much time is left until a deadline, to the minute or, rounded down, in one unit. */
export function Left({ until, isShort = false }: { until: EpochSeconds; isShort?: boolean }) {
  const seconds = until - now.value;
  return (
    <time dateTime={new Date(toEpochMillis(until)).toISOString()} title={exactly(until)}>
      {seconds > 0 ? `${isShort ? shortly(seconds) : duration(seconds)} left` : 'time is up'}
    </time>
  );
}

/** A time of the day, with the day unless it is today. */
export function At({ at }: { at: EpochSeconds }) {
  const date = new Date(toEpochMillis(at));
  const isToday = date.toDateString() === new Date(toEpochMillis(now.value)).toDateString();
  return (
    <time dateTime={date.toISOString()} title={exactly(at)}>
      {isToday ? '' : `${date.toLocaleDateString()} `}
      {date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })}
    </time>
  );
}
