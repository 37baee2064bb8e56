import { eventSource, type HiddenArguments } from '@countersign/contracts';
import { shownData } from '@countersign/contracts/event-log';
import { provenanceIn } from '@countersign/contracts/provenance';
import { TerminalError } from '@countersign/contracts/problems';
import { decode, type Delivery } from '@countersign/messaging';
import { hash } from 'node:crypto';
import { canonicalText, fieldTexts, objectText } from './canonical-text.js';
import type { Recordable } from './entry.js';

/** The type of an entry of a message that is no event. */
export const unreadable = 'audit.unreadable_message';

/** What goes on record of a message: nothing is left out, and nothing is shown that is hidden elsewhere. */
export function recordableOf(delivery: Delivery, hidden: HiddenArguments): Recordable {
  try {
    const event = decode(delivery);
    const { id, source, type, time, subject, sequence: record_sequence, key, data } = event;
    const by = provenanceIn(event);
    const texts = fieldTexts(data);
    const arrived = fieldTexts({ type, time, subject, ...by, key }).set('data', objectText(texts));
    // A former version publishes what this one has stored without its number, and that is the same event.
    const content = hash('sha256', objectText(arrived));
    const shown = shownData(event, hidden);
    // What is shown as it came is not written a second time.
    const shownTexts = fieldTexts(shown, (value, name) =>
      value === (data as Record<string, unknown>)[name] ? texts.get(name)! : canonicalText(value),
    );
    const said = { id, source, type, time, subject, record_sequence, ...by, key };
    return { ...said, data: shown, text: objectText(shownTexts), content };
  } catch (error) {
    if (error instanceof TerminalError) return whatIsKnown(delivery, error.code);
    throw error;
  }
}

/** Its bytes are in its topic: here they would be shown to more people than may read that. */
function whatIsKnown({ topic, partition, offset, key, timestamp }: Delivery, code: string): Recordable {
  const id = `${topic}/${partition}/${offset}`;
  return {
    id,
    source: eventSource('audit'),
    type: unreadable,
    time: new Date(timestamp).toISOString(),
    subject: id,
    key: key ?? id,
    data: { topic, partition, offset, code },
    content: code,
  };
}
