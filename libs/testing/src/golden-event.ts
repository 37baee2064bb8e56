import type { Event, EventName } from '@countersign/contracts';
import { decode } from '@countersign/messaging';
import { readFileSync } from 'node:fs';

interface Golden {
  headers: Record<string, string>;
  key: string;
  data: unknown;
}

const directory = new URL('../../contracts/fixtures/v1/', import.meta.url);

/** The golden message of an event, as it would come out of the log. */
export function goldenEvent<N extends EventName>(name: N): Event<N> {
  const { headers, key, data } = JSON.parse(readFileSync(new URL(`${name}.json`, directory), 'utf8')) as Golden;
  const value = Buffer.from(JSON.stringify(data));
  return decode({ topic: name, key, headers, value, partition: 0, offset: '0', timestamp: 0 }) as Event<N>;
}
