/** The last millisecond that a date can be. */
const lastTime = 8.64e15;

/** A producer may write any number; what is no time is the nearest. */
export function timeOf(timestamp: string | bigint): number {
  const time = Number(timestamp);
  return Number.isNaN(time) ? 0 : Math.min(Math.max(time, 0), lastTime);
}

/**
 * As one text a name. A header without a value, which Kafka allows, counts as none; of one name several values that
 * differ are several lines, which no reader takes for one of them, and which a dead letter keeps.
 */
export function headersOf(headers: Iterable<readonly [name: string, value: unknown]>): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of headers) {
    if (!(value instanceof Buffer) && typeof value !== 'string') continue;
    values.set(name, (values.get(name) ?? new Set()).add(value.toString()));
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, [...all].join('\n')]));
}
