import { dataSchema, type Event, type EventName, isEventName, parseEventData } from '@countersign/contracts';
import { provenanceIn, provenanceNames } from '@countersign/contracts/provenance';
import { traceContextOf, traceHeaders } from '@countersign/contracts/trace';
import { TerminalError } from '@countersign/contracts/problems';
import type { Delivery, Message } from '../bus.js';
import { isEncodedHere, keepEncoded } from './encoded-here.js';
import { envelopeOf, type Envelope } from './envelope.js';
import { sequenceHeaders, sequenceIn } from './sequence.js';

/** The source of an event whose producer does not name itself. */
const anonymous = '/anyone';
const json = 'application/json';

/** What an event says of itself. */
export type EventHead = Omit<Event, 'type' | 'data'>;

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
      ce_dataschema: dataSchema(event.type),
      ...sequenceHeaders(event),
      ...headersOf(event),
      ...traceHeaders(event),
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
  const { topic } = delivery;
  const type = known(topic);
  const envelope = envelopeOf(delivery);
  const version = envelope.attribute('specversion') ?? '1.0';
  if (version !== '1.0')
    throw new TerminalError('invalid_envelope', 'unsupported CloudEvents version: only 1.0 is accepted');
  const declared = envelope.attribute('type') ?? type;
  if (declared !== type)
    throw new TerminalError('wrong_event_type', `the event type is not that of the topic ${topic}`);
  return {
    ...headOf(delivery, envelope),
    type,
    data:
      !envelope.structured && isEncodedHere(delivery)
        ? (envelope.data as Event['data'])
        : parseEventData(type, envelope.data),
  } as Event;
}

/** What a message says of itself, for an answer to whoever sent one that cannot be read. */
export function identify(delivery: Delivery): EventHead {
  try {
    return headOf(delivery, envelopeOf(delivery));
  } catch {
    return identifyByHeaders(delivery);
  }
}

function identifyByHeaders(delivery: Delivery): EventHead {
  try {
    const headers = Object.entries(delivery.headers).filter(([name]) => name.toLowerCase() !== 'content-type');
    return headOf(
      delivery,
      envelopeOf({ ...delivery, headers: Object.fromEntries(headers), value: Buffer.from('null') }),
    );
  } catch {
    return headOf(delivery, { attribute: () => undefined, trace: {}, structured: false, data: undefined });
  }
}

function headOf(
  { topic, partition, offset, timestamp, key: said }: Delivery,
  { attribute, trace }: Envelope,
): EventHead {
  const id = attribute('id') ?? `${topic}/${partition}/${offset}`;
  const key = said ?? attribute('subject') ?? id;
  const time = attribute('time');
  const sequence = sequenceIn(attribute);
  return {
    id,
    source: attribute('source') ?? anonymous,
    time: time !== undefined && !Number.isNaN(Date.parse(time)) ? time : new Date(timestamp).toISOString(),
    subject: attribute('subject') ?? key,
    key,
    ...(sequence !== undefined && { sequence }),
    ...traceContextOf(trace.traceparent, trace.tracestate),
    ...provenanceIn(Object.fromEntries(provenanceNames.map((name) => [name, attribute(name)]))),
  };
}

const headersOf = (event: Event): Record<string, string> =>
  Object.fromEntries(
    provenanceNames.flatMap((name) => (event[name] === undefined ? [] : [[`ce_${name}`, event[name]]])),
  );

function known(name: string): EventName {
  if (isEventName(name)) return name;
  throw new TerminalError('unknown_event_type', `unknown event type ${name}`);
}
