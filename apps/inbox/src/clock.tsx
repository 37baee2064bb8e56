import { signal } from '@preact/signals';
import { duration } from './time.js';

/** Seconds since 1970. */
export const now = signal(Math.floor(Date.now() / 1000));
setInterval(() => (now.value = Math.floor(Date.now() / 1000)), 1_000);

const exactly = (at: number): string => new Date(at * 1000).toLocaleString();

/** How long ago something was; the exact time is its title. */
export function Ago({ at }: { at: number }) {
  const seconds = now.value - at;
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={exactly(at)}>
      {seconds < 5 ? 'just now' : `${duration(seconds)} ago`}
    </time>
  );
}

/** How much time is left until a deadline. */
export function Left({ until }: { until: number }) {
  const seconds = until - now.value;
  return (
    <time dateTime={new Date(until * 1000).toISOString()} title={exactly(until)}>
      {seconds > 0 ? `${duration(seconds)} left` : 'time is up'}
    </time>
  );
}

/** A time of the day, with the day unless it is today. */
export function At({ at }: { at: number }) {
  const date = new Date(at * 1000);
  const isToday = date.toDateString() === new Date(now.value * 1000).toDateString();
  return (
    <time dateTime={date.toISOString()} title={exactly(at)}>
      {isToday ? '' : `${date.toLocaleDateString()} `}
      {date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })}
    </time>
  );
}
