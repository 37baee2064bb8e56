import type { Message } from '../bus.js';

/** Bytes that are kept at most, but for one message. */
const mostBytes = 4 * 1024 * 1024;
/** The older half is forgotten as a whole: to look for the oldest one of a map costs more the more of it was removed. */
let older = new Map<string, Uint8Array>();
let recent = new Map<string, Uint8Array>();
let bytes = 0;

/** What this process has encoded last, by type and id: of the same bytes it need not check the data once more. */
export function keepEncoded({ topic, headers, value }: Message): void {
  if (value === null) return;
  recent.set(nameOf(topic, headers), value);
  bytes += value.length;
  if (bytes <= mostBytes / 2) return;
  older = recent;
  recent = new Map();
  bytes = 0;
}

/** Whether exactly these bytes were encoded here as an event of this type and id. */
export function isEncodedHere({ topic, headers, value }: Message): boolean {
  const name = nameOf(topic, headers);
  const encoded = recent.get(name) ?? older.get(name);
  return value !== null && encoded !== undefined && value.equals(encoded);
}

const nameOf = (topic: string, headers: Message['headers']): string => `${topic} ${headers['ce_id'] ?? ''}`;
