import { expect, test } from 'vitest';
import type { KafkaMessage } from 'kafkajs';
import { toDelivery } from './kafkajs-consumer.js';

const message = (headers: Record<string, unknown>): KafkaMessage =>
  ({ key: Buffer.from('k'), value: null, timestamp: '12', attributes: 0, offset: '3', headers }) as KafkaMessage;

test('of several headers of one name the last counts, and one without a value is none', () => {
  const headers = {
    one: Buffer.from('1'),
    several: [Buffer.from('1'), Buffer.from('2')],
    empty: Buffer.alloc(0),
    nothing: null,
    'at last nothing': [Buffer.from('1'), null],
  };
  expect(toDelivery('t', 1, message(headers))).toEqual({
    topic: 't',
    key: 'k',
    headers: { one: '1', several: '2', empty: '' },
    value: null,
    partition: 1,
    offset: '3',
    timestamp: 12,
  });
});
