import { TerminalError } from '@countersign/contracts/problems';
import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { fuzzedRecords, type FuzzedRecord } from '../../../test/fuzzed-records.js';
import { deadLetterOf, originalOf } from '../../delivery/dead-letters.js';
import { decode, identify } from '../../events/cloudevents.js';
import { toDelivery } from './kafkajs-consumer.js';

const topic = 'run.cancel_requested';
const deliveryOf = (record: FuzzedRecord) =>
  toDelivery(topic, 3, { ...record, offset: '7', attributes: 0 } as unknown as KafkaMessage);

/** What becomes of a record: an event, or the code of a dead letter. Anything else ends the test. */
function outcome(record: FuzzedRecord): string {
  const delivery = deliveryOf(record);
  expect(identify(delivery)).toEqual(expect.objectContaining({ id: expect.any(String), source: expect.any(String) }));
  try {
    const event = decode(delivery);
    expect(event.type).toBe(topic);
    expect(new Date(event.time).getTime()).not.toBeNaN();
    return 'event';
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    const letter = deadLetterOf(delivery, { group: 'g', error, now: new Date(0) });
    const original = originalOf({ ...delivery, ...letter });
    expect(original.message.value).toEqual(record.value);
    expect(original.code).toBe(error.code);
    return error.code;
  }
}

test('whatever record anybody writes is an event or a dead letter with its bytes, always the same', () => {
  const { seed = 20261127, numRuns = 6_000 } = fc.readConfigureGlobal();
  const outcomes = Map.groupBy(fuzzedRecords(seed, Math.max(numRuns, 6_000)), outcome);
  for (const record of fuzzedRecords(7, 200)) expect(outcome(record)).toBe(outcome(record));
  expect([...outcomes.keys()].toSorted()).toEqual(
    expect.arrayContaining([
      'duplicate_name',
      'event',
      'invalid_data',
      'invalid_envelope',
      'no_value',
      'not_json',
      'not_utf8',
      'reserved_name',
      'too_deep',
      'unsupported_encoding',
      'wrong_event_type',
    ]),
  );
});
