import { secondsOf, toEpochMillis, type EpochSeconds, type Seconds } from '@countersign/contracts/time';

/** A length of time, roughly: `42 s`, `3 min`, `5 h`, `12 d`. */
export function roughly(seconds: Seconds): string {
  const [unit, size] = units.find(([, size]) => seconds >= size * 1.5) ?? units.at(-1)!;
  return `${Math.max(0, Math.round(seconds / size))} ${unit}`;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

const since = (at: EpochSeconds): Seconds => secondsOf(Date.now() - toEpochMillis(at));

/** How long ago a moment was. */
export const ago = (at: EpochSeconds): string => `${roughly(since(at))} ago`;

/** How long it is until a moment. */
export const left = (at: EpochSeconds): string => (since(at) < 0 ? `${roughly(-since(at))} left` : 'over');

/** A moment, the same on every machine. */
export const timestamp = (at: EpochSeconds): string => new Date(toEpochMillis(at)).toISOString().replace('.000Z', 'Z');

/** The time of day here. */
export const clockTime = (date: Date): string => date.toLocaleTimeString('en-GB');

/** A moment for a person: when, and how long ago. */
export const when = (at: EpochSeconds): string => `${timestamp(at)}, ${ago(at)}`;

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Arguments of a call in one line: `service_name=auth-service version="2 beta"`. */
export const oneLine = (args: Record<string, unknown>): string =>
  Object.entries(args)
    .map(([name, value]) => `${name}=${isPlain(value) ? value : JSON.stringify(value)}`)
    .join(' ');

const isPlain = (value: unknown): value is string => typeof value === 'string' && /^[^\s"=]+$/.test(value);
