/** A length of time, roughly: `42 s`, `3 min`, `5 h`, `12 d`. */
export function roughly(seconds: number): string {
  const [unit, size] = units.find(([, size]) => seconds >= size * 1.5) ?? units.at(-1)!;
  return `${Math.max(0, Math.round(seconds / size))} ${unit}`;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

const now = (): number => Date.now() / 1000;

/** How long ago a moment was, in epoch seconds. */
export const ago = (at: number): string => `${roughly(now() - at)} ago`;

/** How long it is until a moment, in epoch seconds. */
export const left = (at: number): string => (at > now() ? `${roughly(at - now())} left` : 'over');

/** A moment in epoch seconds, the same on every machine. */
export const timestamp = (at: number): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z');

/** The time of day here. */
export const clockTime = (date: Date): string => date.toLocaleTimeString('en-GB');

/** A moment for a person: when, and how long ago. */
export const when = (at: number): string => `${timestamp(at)}, ${ago(at)}`;

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Arguments of a call in one line: `service_name=auth-service version="2 beta"`. */
export const oneLine = (args: Record<string, unknown>): string =>
  Object.entries(args)
    .map(([name, value]) => `${name}=${isPlain(value) ? value : JSON.stringify(value)}`)
    .join(' ');

const isPlain = (value: unknown): value is string => typeof value === 'string' && /^[^\s"=]+$/.test(value);
