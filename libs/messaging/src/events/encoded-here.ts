import type { Message } from '../bus.js';

/** Bytes that are kept at most. */
const mostBytes = 4 * 1024 * 1024;
const kept = new Map<string, Uint8Array>();
let bytes = 0;

/** What this process has encoded last, by type and id: of the same bytes it need not check the data once more. */
export function keepEncoded({ topic, headers, value }: Message): void {
  if (value === null) return;
  const name = nameOf(topic, headers);
  bytes += value.length - (kept.get(name)?.length ?? 0);
  kept.delete(name);
  kept.set(name, value);
  for (const [oldest, { length }] of kept) {
    if (bytes <= mostBytes) break;
    kept.delete(oldest);
    bytes -= length;
  }
}

/** Whether exactly these bytes were encoded here as an event of this type and id. */
export function isEncodedHere({ topic, headers, value }: Message): boolean {
  const encoded = kept.get(nameOf(topic, headers));
  return value !== null && encoded !== undefined && value.equals(encoded);
}

const nameOf = (topic: string, headers: Message['headers']): string => `${topic} ${headers['ce_id'] ?? ''}`;
