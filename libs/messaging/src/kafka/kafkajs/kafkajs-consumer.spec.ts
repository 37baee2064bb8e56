import { expect, test } from 'vitest';
import type { KafkaMessage } from 'kafkajs';
import { toDelivery } from './kafkajs-consumer.js';

const message = (headers: Record<string, unknown>): KafkaMessage =>
  ({ key: Buffer.from('k'), value: null, timestamp: '12', attributes: 0, offset: '3', headers }) as KafkaMessage;

test('several headers of one name are one where they agree, and none without a value counts', () => {
  const headers = {
    one: Buffer.from('1'),
    alike: [Buffer.from('1'), Buffer.from('1')],
    several: [Buffer.from('1'), Buffer.from('2')],
    empty: Buffer.alloc(0),
    nothing: null,
    'at last nothing': [Buffer.from('1'), null],
  };
  expect(toDelivery('t', 1, message(headers))).toEqual({
    topic: 't',
    key: 'k',
    headers: { one: '1', alike: '1', several: '1\n2', empty: '', 'at last nothing': '1' },
    value: null,
    partition: 1,
    offset: '3',
    timestamp: 12,
  });
});
