import { derivedId, emit } from '@countersign/contracts';
import type { DeadLetter } from '@countersign/contracts/event-log';
import type { ProblemCode } from '@countersign/contracts/problems';
import { toEpochSeconds, type EpochMillis, atMillis, type EpochSeconds } from '@countersign/contracts/time';
import type { DeadLetter as GivenUp } from '@countersign/messaging';
import {
  changed,
  ignored,
  newRecord,
  rejected,
  touch,
  type Collection,
  type Transition,
} from '@countersign/persistence';

/**
 * The life of a dead letter.
 *
 * ```
 *  (given up) ──► open ──► replayed | discarded
 * ```
 *
 * One that is replayed and given up again is another dead letter.
 */
export type DeadLetterMessage =
  | { type: 'given_up'; letter: GivenUp }
  | { type: 'replayed' | 'discarded'; by: string; note: string | null };

export type DeadLetterRejection = Extract<
  ProblemCode,
  'dead_letter_not_found' | 'dead_letter_settled' | 'not_replayable'
>;

/** As it is stored; it belongs to no run. */
export type DeadLetterRecord = DeadLetter & { event_key: string };

export const deadLetterCollection: Collection<DeadLetterRecord> = {
  name: 'dead_letters',
  key: 'id',
  indexes: [
    ['-created_at'],
    ['status', '-created_at'],
    ['topic', '-created_at'],
    ['group', '-created_at'],
    ['code', '-created_at'],
    ['settled_at'],
  ],
};

/**
 * What one group could not handle is one dead letter, however often it is redelivered. Any producer may have written one with
 * the place of a message that is still to come; with other bytes it is another, and does not stand for that.
 */
export const deadLetterId = ({ message, partition, offset, group }: GivenUp): string =>
  derivedId('dead-letter', group, message.topic, String(partition), offset, bytesOf(message));

const bytesOf = ({ key, headers, value }: GivenUp['message']): string =>
  JSON.stringify([key, Object.entries(headers).toSorted(), value?.toString('base64') ?? null]);

export function decideDeadLetter(
  letter: DeadLetterRecord | undefined,
  message: DeadLetterMessage,
  now: EpochMillis,
): Transition<DeadLetterRecord, DeadLetterRejection> {
  if (message.type === 'given_up') return letter ? ignored('it is known') : changed(opened(message.letter, now));
  if (!letter) return rejected('dead_letter_not_found', 'there is no such dead letter');
  if (letter.status !== 'open')
    return rejected('dead_letter_settled', `${letter.settled_by} has ${letter.status} it already`);
  const { type: status, by: settled_by, note } = message;
  const { id: dead_letter_id, topic, partition, offset, group } = letter;
  const settled = { dead_letter_id, topic, partition, offset, group, outcome: status, note };
  return changed(
    touch(letter, now, { status, settled_by, settled_at: toEpochSeconds(now), note }),
    emit('message.dead_letter_settled', settled),
  );
}

function opened(letter: GivenUp, now: EpochMillis): DeadLetterRecord {
  const { message, group, code, reason, partition, offset, time } = letter;
  const { topic, key, headers, value } = message;
  const id = deadLetterId(letter);
  return {
    id,
    event_key: id,
    status: 'open',
    topic,
    group,
    code,
    reason,
    partition,
    offset,
    key,
    headers,
    value: value?.toString('base64') ?? null,
    given_up_at: instantOf(time) ?? toEpochSeconds(now),
    settled_by: null,
    settled_at: null,
    note: null,
    ...newRecord(now),
  };
}

/** Anybody may have written the header. */
function instantOf(time: string): EpochSeconds | undefined {
  const seconds = toEpochSeconds(atMillis(Date.parse(time)));
  return seconds >= 0 ? seconds : undefined;
}
