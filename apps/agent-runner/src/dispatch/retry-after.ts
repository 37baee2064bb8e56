const longest = 3_600_000;

/** How many milliseconds a server asks to be left alone for, an hour at most; `null` when it does not say. */
export function retryAfter(headers: Headers | undefined, now: number): number | null {
  const wanted = [
    Number(headers?.get('retry-after-ms')),
    Number(headers?.get('retry-after')) * 1_000,
    Date.parse(headers?.get('retry-after') ?? '') - now,
  ];
  const first = wanted.find((ms) => ms > 0);
  return first === undefined ? null : Math.min(Math.ceil(first), longest);
}
