import { type EpochMillis, millisOf, type Millis } from '@countersign/contracts/time';

const longestMs = 3_600_000;

/** How many milliseconds a server asks to be left alone for, an hour at most; `null` when it does not say. */
export function retryAfter(headers: Headers | undefined, now: EpochMillis): Millis | null {
  const wanted = [
    Number(headers?.get('retry-after-ms')),
    millisOf(Number(headers?.get('retry-after'))),
    Date.parse(headers?.get('retry-after') ?? '') - now,
  ];
  const first = wanted.find((ms) => ms > 0);
  return first === undefined ? null : Math.min(Math.ceil(first), longestMs);
}
