import { TerminalError, type DeadLetterCode } from '@countersign/contracts/problems';
import type { Event } from '@countersign/contracts';
import type { Delivery, Message } from '../bus.js';
import { messageOf } from '../events/cloudevents.js';

/** The topic of messages whose handling failed permanently. */
export const deadLetterTopic = 'dead-letters';

/** Larger than any other topic's limit, since a dead letter is a whole message and the story of its end. */
export const deadLetterMaxBytes = 4 * 1024 * 1024;

const maxReason = 2_000;
const prefix = 'dead_letter_';
const unforeseen: DeadLetterCode = 'internal_error';

/** A message whose handling failed permanently in a group, and why. */
export interface DeadLetter {
  /** As it was first published: publishing it again is a replay. */
  message: Message;
  partition: number;
  offset: string;
  group: string;
  /** For programs; null when the header is missing or no code. */
  code: string | null;
  /** For people. */
  reason: string;
  /** ISO 8601, when it was dead-lettered. */
  time: string;
}

/** The message to publish: the original bytes, key and headers, and headers that say where it came from and why. */
export function deadLetterOf(
  delivery: Delivery,
  { group, error, now }: { group: string; error: unknown; now: Date },
): Message {
  return {
    topic: deadLetterTopic,
    key: delivery.key,
    headers: {
      ...delivery.headers,
      dead_letter_topic: delivery.topic,
      dead_letter_partition: String(delivery.partition),
      dead_letter_offset: delivery.offset,
      dead_letter_group: group,
      dead_letter_code: error instanceof TerminalError ? error.code : unforeseen,
      dead_letter_reason: reasonOf(error).slice(0, maxReason),
      dead_letter_time: now.toISOString(),
    },
    value: delivery.value,
  };
}

/** An event that the log does not take, in the place of a message that no log has. It is replayed like any other. */
export const neverPublished = (event: Event, { service, error }: { service: string; error: TerminalError }): Message =>
  deadLetterOf(
    { ...messageOf(event), partition: 0, offset: event.id, timestamp: Date.parse(event.time) },
    { group: service, error, now: new Date(event.time) },
  );

/**
 * Our own errors name places. Any other may quote the message, secrets included, so only its kind is kept here; the
 * service log has more.
 */
function reasonOf(error: unknown): string {
  if (error instanceof TerminalError) return error.message;
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  const kind = typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'an error';
  const detail = typeof code === 'string' && /^\w{1,60}$/.test(code) ? ` [${code}]` : '';
  return `${kind}${detail}: unexpected error, see the service log`;
}

/** @throws TerminalError when it is not a dead letter. */
export function originalOf({ topic, offset, key, headers, value }: Delivery): DeadLetter {
  const field = (name: string): string => {
    const text = headers[prefix + name];
    if (text === undefined)
      throw new TerminalError(
        'invalid_dead_letter',
        `${topic}/${offset} is not a dead letter: it has no ${prefix}${name}`,
      );
    return text;
  };
  return {
    message: {
      topic: field('topic'),
      key,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(prefix))),
      value,
    },
    partition: Number(field('partition')),
    offset: field('offset'),
    group: field('group'),
    code: codeIn(headers[`${prefix}code`]),
    reason: field('reason'),
    time: field('time'),
  };
}

/** Anybody may have written the header, and a later version has codes that are not known here. */
const codeIn = (text: string | undefined): string | null =>
  text !== undefined && /^[a-z][a-z0-9_]{0,59}$/.test(text) ? text : null;
