import { type Event, eventNames } from '@countersign/contracts';
import { type DeadLetterCode, TerminalError } from '@countersign/contracts/problems';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Delivery, Message } from '../bus.js';
import { decode, encode } from './cloudevents.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const data = { run_id: 'r1', reason: 'enough' };
const event: Event<'run.cancel_requested'> = {
  id: 'run/r1/3/0',
  type: 'run.cancel_requested',
  source: '/countersign/agent-runner',
  time: '2026-11-20T10:00:00.000Z',
  subject: 'r1',
  sequence: 12,
  key: 'r1',
  traceparent,
  tracestate: 'vendor=a:1',
  authtype: 'api_key',
  authid: 'ada@example.com',
  authclaims: '{"via":"key","credential":"0123456789abcdef"}',
  causationid: 'approvals/a1/2/0',
  data,
};
const place = { partition: 2, offset: '7', timestamp: Date.UTC(2026, 10, 20) };
const delivered = (message: Message): Delivery => ({ ...message, ...place });
const bare = (value: unknown, headers: Record<string, string> = {}, topic = 'run.cancel_requested'): Delivery =>
  delivered({ topic, key: null, headers, value: Buffer.from(JSON.stringify(value)) });

const text = (value: string): Delivery => ({ ...bare(data), value: Buffer.from(value) });

describe('encode', () => {
  test('writes CloudEvents 1.0 in binary mode, keyed for order', () => {
    const { value, ...rest } = encode(event);
    expect(JSON.parse(value!.toString())).toEqual(data);
    expect(rest).toEqual({
      topic: 'run.cancel_requested',
      key: 'r1',
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: 'run/r1/3/0',
        ce_type: 'run.cancel_requested',
        ce_source: '/countersign/agent-runner',
        ce_time: '2026-11-20T10:00:00.000Z',
        ce_subject: 'r1',
        ce_dataschema: 'urn:countersign:event:run.cancel_requested:1',
        ce_sequence: '0000000012',
        ce_sequencetype: 'Integer',
        ce_authtype: 'api_key',
        ce_authid: 'ada@example.com',
        ce_authclaims: '{"via":"key","credential":"0123456789abcdef"}',
        ce_causationid: 'approvals/a1/2/0',
        traceparent,
        tracestate: 'vendor=a:1',
      },
    });
  });

  test('leaves out a traceparent there is not', () => {
    expect(encode({ ...event, traceparent: null, tracestate: null }).headers).not.toHaveProperty('traceparent');
  });

  test('refuses data the catalogue does not allow and events it does not know', () => {
    expect(() => encode({ ...event, data: { run_id: '' } })).toThrow(TerminalError);
    expect(() => encode({ ...event, type: 'no.such' as never })).toThrow('unknown event type no.such');
  });
});

describe('decode', () => {
  test('reads back what encode wrote', () => {
    expect(decode(delivered(encode(event)))).toEqual(event);
  });

  test.each<[string, string | undefined, number | undefined]>([
    ['12', 'Integer', 12],
    ['2147483647', 'Integer', 2_147_483_647],
    ['2147483648', 'Integer', undefined],
    ['0', 'Integer', undefined],
    ['-1', 'Integer', undefined],
    ['1.0', 'Integer', undefined],
    ['00000000001', 'Integer', undefined],
    ['12', undefined, undefined],
    ['12', 'Letters', undefined],
  ])('takes the sequence %s of type %s for %s', (sequence, type, expected) => {
    const headers = { ce_sequence: sequence, ...(type !== undefined && { ce_sequencetype: type }) };
    expect(decode(bare(data, headers)).sequence).toBe(expected);
  });

  test('reads a command whose sender counts as nobody should', () => {
    const command = { specversion: '1.0', type: 'run.cancel_requested', sequence: 12, sequencetype: 'Integer', data };
    expect(decode(bare(command))).not.toHaveProperty('sequence');
  });

  test.each(eventNames)('reads what this process encoded as %s like the bytes of another', (name) => {
    const file = new URL(`../../../contracts/fixtures/v1/${name}.json`, import.meta.url);
    const { data: golden } = JSON.parse(readFileSync(file, 'utf8')) as { data: never };
    const message = encode({ ...event, type: name, data: golden });
    const copy = { ...message, value: Buffer.from(message.value!) };
    expect(decode(delivered(message))).toStrictEqual(decode(delivered(copy)));
  });

  test('takes a value that was encoded here as what its topic says', () => {
    const { value } = encode(event);
    expect(() => decode({ ...bare(data, {}, 'run.completed'), value })).toThrow('not a valid run.completed');
  });

  test('reads the same event in structured mode', () => {
    const { key: _, ...rest } = event;
    const attributes = { ...rest, sequence: '12', sequencetype: 'Integer' };
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expect(decode(bare({ specversion: '1.0', ...attributes }, headers))).toEqual(event);
  });

  test('accepts bare data, under an id that is the same on every delivery', () => {
    expect(decode(bare(data))).toEqual({
      id: 'run.cancel_requested/2/7',
      type: 'run.cancel_requested',
      source: '/anyone',
      time: '2026-11-20T00:00:00.000Z',
      subject: 'run.cancel_requested/2/7',
      key: 'run.cancel_requested/2/7',
      traceparent: null,
      tracestate: null,
      data,
    });
  });

  test('drops a traceparent and a time that are malformed', () => {
    const { traceparent, time } = decode(bare(data, { traceparent: 'rubbish', ce_time: 'yesterday' }));
    expect([traceparent, time]).toEqual([null, '2026-11-20T00:00:00.000Z']);
  });

  const structured = { 'content-type': 'application/cloudevents+json' };
  test.each<[string, Delivery, DeadLetterCode, string]>([
    ['an unknown topic', bare(data, {}, 'toString'), 'unknown_event_type', 'unknown event type toString'],
    ['no value', { ...bare(data), value: null }, 'no_value', 'no value in the message on run.cancel_requested'],
    ['no JSON', { ...bare(data), value: Buffer.from('{') }, 'not_json', 'it ends too early'],
    [
      'bytes that are not UTF-8',
      { ...bare(data), value: Buffer.from('{"run_id":"r\xff"}', 'latin1') },
      'not_utf8',
      'not UTF-8',
    ],
    ['a name twice', text('{"run_id":"r1","reason":"a","run_id":"r2"}'), 'duplicate_name', '(at /run_id)'],
    ['__proto__', text('{"run_id":"r1","__proto__":{"token":"x"}}'), 'reserved_name', '(at /__proto__)'],
    [
      'an integer that would become another',
      text('{"run_id":2512292042121000001}'),
      'inexact_number',
      'give it as a string',
    ],
    ['what is too deep', text(`{"run_id":"r1","x":${'['.repeat(200)}${']'.repeat(200)}}`), 'too_deep', 'nested'],
    ['wrong data', bare({ run_id: 5 }), 'invalid_data', 'not a valid run.cancel_requested'],
    [
      'another type than the topic',
      bare(data, { ce_type: 'run.started' }),
      'wrong_event_type',
      'the event type is not that of the topic run.cancel_requested',
    ],
    [
      'another CloudEvents version',
      bare(data, { ce_specversion: '2.0' }),
      'invalid_envelope',
      'unsupported CloudEvents version',
    ],
    ['structured mode without an object', bare('text', structured), 'invalid_envelope', 'not an object'],
    [
      'structured mode without data',
      bare({ specversion: '1.0' }, structured),
      'invalid_data',
      'not a valid run.cancel_requested',
    ],
  ])('rejects %s and says so', (_, delivery, code, reason) => {
    expect(() => decode(delivery)).toThrow(TerminalError);
    expect(() => decode(delivery)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(reason) }));
  });

  test.each<[string, Delivery]>([
    ['no JSON', text('{"run_id":"r1","reason":hunter2000}')],
    ['no JSON from the start', text('hunter2000')],
    ['a number', text('{"run_id":"r1","reason":2000200020002000200020002}')],
    ['a type', bare(data, { ce_type: 'hunter2000' })],
    ['a version', bare(data, { ce_specversion: 'hunter2000' })],
    ['a value', bare({ run_id: { hunter2000: 'hunter2000' }, reason: ['hunter2000'] })],
  ])('quotes nothing of the message when it rejects %s', (_, delivery) => {
    expect(() => decode(delivery)).toThrow(TerminalError);
    expect(() => decode(delivery)).not.toThrow(/2000/);
  });
});
