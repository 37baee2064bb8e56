import { TerminalError } from '@countersign/contracts/problems';
import { describe, expect, it, test } from 'vitest';
import type { Delivery } from '../bus.js';
import { decode, identify } from './cloudevents.js';

const topic = 'run.cancel_requested';
const data = { run_id: 'r1', reason: 'enough' };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const other = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01';
const attributes = { specversion: '1.0', id: '4711', source: '/platform', type: topic };

const message = (value: unknown, headers: Record<string, string> = {}): Delivery => ({
  topic,
  key: null,
  headers,
  value: Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  partition: 2,
  offset: '7',
  timestamp: Date.UTC(2026, 10, 20),
});
/** The five bytes before a value whose schema is in a registry. */
const registered = (value: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 1, 42]), Buffer.from(value)]);
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

/** As Dapr writes it: without a type of its publisher, and the topic in it. */
const ofDapr = {
  ...attributes,
  type: 'com.dapr.event.sent',
  datacontenttype: 'application/json',
  pubsubname: 'kafka',
  topic,
  traceparent,
  data,
};

describe('a message is understood', () => {
  test.each<[string, Delivery]>([
    ['in structured mode', message({ ...attributes, data }, { 'content-type': 'application/cloudevents+json' })],
    ['in structured mode that no header says', message({ ...attributes, data })],
    [
      'in structured mode that is said to be JSON',
      message({ ...attributes, data }, { 'content-type': 'application/json' }),
    ],
    ['with its data in base64', message({ ...attributes, data_base64: base64(data) })],
    ['with headers in any case', message(data, { CE_Id: '4711', CE_SOURCE: '/platform', Ce_Type: topic })],
    ['with the same said twice', message({ ...attributes, data }, { ce_id: '4711', CE_ID: '4711' })],
    ['from Dapr', message(ofDapr)],
    ['from Dapr, as a text', message({ ...ofDapr, datacontenttype: 'text/plain', data: JSON.stringify(data) })],
    ['from Dapr under the name of an installation', message({ ...ofDapr, topic: `payments.${topic}` })],
    [
      'with the bytes of a schema registry',
      message(registered(JSON.stringify(data)), { ce_id: '4711', ce_source: '/platform' }),
    ],
  ])('%s', (_, delivery) => {
    expect(decode(delivery)).toMatchObject({ id: '4711', source: '/platform', type: topic, data });
  });

  test('with the trace that its transport says, or else its event', () => {
    const traceOf = (headers: Record<string, string>, value: object = data) =>
      decode(message(value, headers)).traceparent;
    expect(traceOf({ ce_traceparent: traceparent, ce_tracestate: 'a=b' })).toBe(traceparent);
    expect(traceOf({ ce_traceparent: traceparent, traceparent: other })).toBe(other);
    expect(traceOf({ Traceparent: traceparent })).toBe(traceparent);
    expect(traceOf({ traceparent: `${traceparent}\n${other}` })).toBeNull();
    expect(traceOf({}, { ...attributes, traceparent, data })).toBe(traceparent);
  });

  test('with what tracing systems say beside its trace, of the same place', () => {
    const stateOf = (headers: Record<string, string>, value: object = data) =>
      decode(message(value, headers)).tracestate;
    const structured = { ...attributes, traceparent, tracestate: 'in=body', data };
    expect(stateOf({ traceparent, tracestate: 'a=1,b@c=2 3' })).toBe('a=1,b@c=2 3');
    expect(stateOf({ ce_traceparent: traceparent, ce_tracestate: 'a=1' })).toBe('a=1');
    expect(stateOf({}, structured)).toBe('in=body');
    expect(stateOf({ traceparent: other }, structured)).toBeNull();
    for (const unreadable of ['no members', `a=${'1'.repeat(600)}`, 'a=1\nb=2', 'A=1', 'a=1,'])
      expect(decode(message(data, { traceparent, tracestate: unreadable }))).toMatchObject({
        traceparent,
        tracestate: null,
      });
    expect(stateOf({ tracestate: 'a=1' })).toBeNull();
  });
});

describe('a message is refused', () => {
  test.each<[string, Delivery, string, RegExp]>([
    ['with two ids in headers', message(data, { ce_id: '1', CE_ID: '2' }), 'invalid_envelope', /ce_id is there twice/],
    ['with several values of one header', message(data, { ce_source: '/a\n/b' }), 'invalid_envelope', /ce_source/],
    [
      'with bytes that are no text',
      message(data, { ce_id: Buffer.from([0xff]).toString() }),
      'invalid_envelope',
      /no text/,
    ],
    [
      'with another id in the value',
      message({ ...attributes, data }, { ce_id: '1' }),
      'invalid_envelope',
      /ce_id and the value/,
    ],
    [
      'with another type in the value',
      message({ ...attributes, type: 'run.requested', data }),
      'wrong_event_type',
      /not that of the topic/,
    ],
    ['with an id that is a number', message({ ...attributes, id: 4711, data }), 'invalid_envelope', /id is not a text/],
    [
      'with data twice',
      message({ ...attributes, data, data_base64: base64({ run_id: 'r2' }) }),
      'invalid_envelope',
      /data and data_base64/,
    ],
    ['with base64 that is none', message({ ...attributes, data_base64: 'e30' }), 'invalid_envelope', /not base64/],
    [
      'with base64 of no JSON',
      message({ ...attributes, data_base64: 'AAAA' }),
      'unsupported_encoding',
      /schema registry/,
    ],
    [
      'with a name twice behind the bytes of a registry',
      message(registered('{"run_id":"r1","run_id":"r2"}')),
      'duplicate_name',
      /run_id/,
    ],
    [
      'with a name twice in base64',
      message({ ...attributes, data_base64: Buffer.from('{"run_id":"r1","run_id":"r2"}').toString('base64') }),
      'duplicate_name',
      /run_id/,
    ],
    ['of another topic, by Dapr', message({ ...ofDapr, topic: 'run.requested' }), 'wrong_event_type', /another topic/],
    [
      'as a batch',
      message([{ ...attributes, data }], { 'content-type': 'application/cloudevents-batch+json' }),
      'invalid_envelope',
      /batch/,
    ],
    [
      'as Avro of a registry',
      message(registered('\x02r1')),
      'unsupported_encoding',
      /schema 298.*Avro and Protobuf are not read/,
    ],
    [
      'as Avro that its header says',
      message(data, { 'Content-Type': 'avro/binary' }),
      'unsupported_encoding',
      /is Avro/,
    ],
    [
      'as Protobuf that its header says',
      message(data, { 'content-type': 'application/x-protobuf' }),
      'unsupported_encoding',
      /is Protobuf/,
    ],
    ['as gzip', message(Buffer.from([0x1f, 0x8b, 8, 0])), 'not_utf8', /looks like gzip/],
    ['as XML', message('<run/>'), 'not_json', /looks like XML/],
    ['as a form', message('run_id=r1&reason=x'), 'not_json', /looks like a form/],
    ['as a dictionary of Python', message("{'run_id': 'r1'}"), 'not_json', /Python/],
    ['as UTF-16', message(Buffer.from('\ufeff{}', 'utf16le')), 'not_utf8', /UTF-16/],
  ])('%s', (_, delivery, code, reason) => {
    expect(() => decode(delivery)).toThrow(TerminalError);
    expect(() => decode(delivery)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(reason) }));
  });

  it('and is named by what it says of itself, as far as that can be read', () => {
    const named = (delivery: Delivery) => identify(delivery).id;
    expect(named(message('no JSON', { ce_id: '4711' }))).toBe('4711');
    expect(named(message({ ...attributes, data: 5 }))).toBe('4711');
    expect(named(message(data, { ce_id: '4711', 'content-type': 'avro/binary' }))).toBe('4711');
    expect(named(message('no JSON'))).toBe('run.cancel_requested/2/7');
    expect(named(message(data, { ce_id: '1', CE_ID: '2' }))).toBe('run.cancel_requested/2/7');
  });
});
