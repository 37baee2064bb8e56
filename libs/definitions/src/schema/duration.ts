import type { Seconds } from '@countersign/contracts/time';
import { z } from 'zod';

const units = { s: 1, m: 60, h: 3_600, d: 86_400 };
const longest = 3_650 * units.d;
const error = 'must be seconds, or a number with a unit such as 90s, 30m, 4h or 7d, and at most 3650d';

/** Seconds of a duration as people write it. `undefined`: it is none. */
export function parseDuration(duration: string | number): Seconds | undefined {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(String(duration)) ?? [];
  const seconds = typeof duration === 'number' ? duration : Number(count) * (units[unit as keyof typeof units] ?? 0);
  return Number.isInteger(seconds) && seconds > 0 && seconds <= longest ? seconds : undefined;
}

/** A duration of the file, read as seconds. */
export const Duration = z
  .union([z.string({ error }).regex(/^\d{1,9}[smhd]$/, error), z.int({ error }).positive(error)])
  .refine((duration) => parseDuration(duration) !== undefined, error)
  .meta({ id: 'Duration' })
  .transform((duration): Seconds => parseDuration(duration)!);

/** A duration, or `never`, which is read as `null`. */
export const DurationOrNever = z.union([
  Duration,
  z.literal('never', { error: `${error}, or never` }).transform(() => null),
]);
