import type { EventName } from './catalogue.js';
import type { NewEvent } from './event.js';
import { TerminalError } from '../problems/errors.js';

/**
 * Bytes of the data of an event. Kafka takes 1 MiB with key and headers, of any topic that is not set to less, and the
 * embedded log is held to the same.
 */
export const maxEventBytes = 1_000_000;

/** What an event has less of, since what comes of it says the same more than once. */
const less: Partial<Record<EventName, number>> = { 'tool.approval_required': 400_000 };

/** @throws TerminalError when an event is too large for the log, so that nothing is stored whose event could not be published. */
export function checkSize({ type, data }: NewEvent): void {
  const most = less[type] ?? maxEventBytes;
  const text = JSON.stringify(data);
  // No character has more than three bytes for each of its units, so nearly every event is not even counted.
  if (text.length * 3 <= most) return;
  const bytes = utf8.encode(text).byteLength;
  if (bytes > most)
    throw new TerminalError('not_publishable', `${type} would have ${bytes} bytes, and ${most} at most`);
}

const utf8 = new TextEncoder();
