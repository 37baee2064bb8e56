import { type Event, type EventName, isEventName, parseEventData, Traceparent } from '@countersign/contracts';
import { maxDepth, parseStrictJson } from '@countersign/contracts/json';
import { TerminalError } from '@countersign/contracts/problems';
import type { Delivery, Message } from '../bus.js';
import { isEncodedHere, keepEncoded } from './encoded-here.js';

/** The source of an event whose producer does not name itself. */
const anonymous = '/anyone';
const json = 'application/json';
/** Levels of a message: those of arguments, and of what is around them. */
const depth = maxDepth + 36;
const structured = 'application/cloudevents+json';

/**
 * An event as a CloudEvents 1.0 message in binary mode: its attributes are headers and its data is the value.
 *
 * @throws TerminalError when the catalogue does not allow it, so that no wrong event gets out.
 */
export function encode(event: Event): Message {
  const data = parseEventData(known(event.type), event.data);
  const message = messageOf({ ...event, data } as Event);
  keepEncoded(message);
  return message;
}

/** An event as {@link encode} makes it, which may be one that the catalogue does not allow. */
export function messageOf(event: Event): Message & { value: Buffer } {
  return {
    topic: event.type,
    key: event.key,
    headers: {
      'content-type': json,
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_type: event.type,
      ce_source: event.source,
      ce_time: event.time,
      ce_subject: event.subject,
      ...(event.traceparent !== null && { traceparent: event.traceparent }),
    },
    value: Buffer.from(JSON.stringify(event.data)),
  };
}

/**
 * Reads what {@link encode} wrote, the same event in structured mode, or bare data as a simple producer sends it.
 * Bare data gets an id made of its place in the log, so that it has the same one whenever it is delivered.
 *
 * @throws TerminalError that says what is wrong with it.
 */
export function decode(delivery: Delivery): Event {
  const { topic, partition, offset, timestamp, headers } = delivery;
  const type = known(topic);
  const body = parseJson(delivery);
  const envelope = headers['content-type']?.startsWith(structured) ? asObject(body, topic) : null;
  const attribute = (name: string): string | undefined => {
    const value = envelope ? envelope[name] : headers[`ce_${name}`];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };

  const version = attribute('specversion') ?? '1.0';
  if (version !== '1.0')
    throw new TerminalError('invalid_envelope', 'unsupported CloudEvents version: only 1.0 is accepted');
  const declared = attribute('type') ?? type;
  if (declared !== type)
    throw new TerminalError('wrong_event_type', `the event type is not that of the topic ${topic}`);

  const id = attribute('id') ?? `${topic}/${partition}/${offset}`;
  const key = delivery.key ?? attribute('subject') ?? id;
  const time = attribute('time');
  return {
    id,
    type,
    source: attribute('source') ?? anonymous,
    time: time !== undefined && !Number.isNaN(Date.parse(time)) ? time : new Date(timestamp).toISOString(),
    subject: attribute('subject') ?? key,
    key,
    traceparent: Traceparent.safeParse(envelope?.['traceparent'] ?? headers['traceparent']).data ?? null,
    data:
      !envelope && isEncodedHere(delivery)
        ? (body as Event['data'])
        : parseEventData(type, envelope ? envelope['data'] : body),
  };
}

function known(name: string): EventName {
  if (isEventName(name)) return name;
  throw new TerminalError('unknown_event_type', `unknown event type ${name}`);
}

function parseJson({ topic, value }: Delivery): unknown {
  if (value === null) throw new TerminalError('no_value', `no value in the message on ${topic}`);
  // What an agent says may hold any text; that of arguments is looked at with their schema.
  const read = parseStrictJson(value, { depth, texts: 'any' });
  if (read.ok) return read.value;
  const { code, path, message } = read.problem;
  // The message quotes a number that is refused, for its sender; dead letters have other readers.
  const what = code === 'inexact_number' ? 'a number cannot be kept exactly: give it as a string' : message;
  throw new TerminalError(code, `invalid JSON on ${topic}: ${what}${path === '' ? '' : ` (at ${path})`}`);
}

function asObject(body: unknown, topic: string): Record<string, unknown> {
  if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  throw new TerminalError('invalid_envelope', `a structured CloudEvent on ${topic} that is not an object`);
}
