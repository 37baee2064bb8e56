import type { Provenance } from '@countersign/contracts/provenance';
import { TerminalError } from '@countersign/contracts/problems';
import type { Delivery } from '../bus.js';
import { asText, encodingOf, parseBytes } from './payload.js';

/** The attributes of CloudEvents that are read, wherever they stand. */
type Attribute =
  | 'specversion'
  | 'id'
  | 'type'
  | 'source'
  | 'time'
  | 'subject'
  | 'sequence'
  | 'sequencetype'
  | keyof Provenance;

/** A message as its sender wrapped it. */
export interface Envelope {
  /** @throws TerminalError when that cannot be determined */
  attribute(name: Attribute): string | undefined;
  /** As received; a malformed trace context does not make the event invalid. */
  trace: { traceparent?: string | undefined; tracestate?: string | undefined };
  /** Whether attributes and data are both in the value. */
  structured: boolean;
  data: unknown;
}

type Body = Record<string, unknown>;

const structuredType = 'application/cloudevents+json';
const batchType = 'application/cloudevents-batch';
/** What Dapr calls an event whose publisher did not name its type. */
const unnamedByDapr = 'com.dapr.event.sent';

/**
 * Finds out how a message is wrapped: CloudEvents in binary mode, in structured mode (also without the header that says
 * so), as Dapr does it, or not at all. There is one reading or none: attributes in headers and value that disagree,
 * headers of one name that do, and data that is there twice are refused.
 *
 * @throws TerminalError
 */
export function envelopeOf(delivery: Delivery): Envelope {
  const { topic } = delivery;
  const headers = headersOf(delivery);
  const contentType = textOf(headers.get('content-type'), 'content-type') ?? '';
  if (contentType.startsWith(batchType))
    throw invalid(`a batch of CloudEvents on ${topic}: send each as a message of its own`);
  const encoding = encodingOf(contentType);
  if (encoding !== undefined)
    throw new TerminalError('unsupported_encoding', `the value on ${topic} is ${encoding}: only JSON is read`);

  const body = parseBytes(topic, delivery.value);
  const isDeclared = contentType.startsWith(structuredType);
  if (isDeclared && !isObject(body)) throw invalid(`a structured CloudEvent on ${topic} that is not an object`);
  const envelope = isObject(body) && (isDeclared || looksStructured(body)) ? body : undefined;
  const isOfDapr = envelope !== undefined && typeof envelope['pubsubname'] === 'string';
  if (isOfDapr) mustBeOf(topic, envelope['topic']);

  return {
    structured: envelope !== undefined,
    data: envelope ? dataIn(envelope, topic, isOfDapr) : body,
    trace: traceIn(headers, envelope ?? {}),
    attribute(name) {
      const inHeaders = textOf(headers.get(`ce_${name}`), `ce_${name}`);
      const inBody = envelope && textOf(envelope[name], name);
      if (inHeaders !== undefined && inBody !== undefined && inHeaders !== inBody)
        throw invalid(`the header ce_${name} and the value say two things`);
      const value = inBody ?? inHeaders;
      return isOfDapr && name === 'type' && value === unnamedByDapr ? undefined : value;
    },
  };
}

/** By names in lower case. Several values of one name are several lines, which no attribute can have. */
function headersOf({ headers }: Delivery): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const known = byName.get(lower);
    byName.set(lower, known === undefined || known === value ? value : `${known}\n${value}`);
  }
  return byName;
}

/** Neither character is one that an attribute may have; the second stands for bytes that are no text. */
// oxlint-disable-next-line no-control-regex -- those are meant.
const noText = /[\u0000-\u001f\u007f-\u009f\ufffd]/;

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalid(`${name} is not a text`);
  if (noText.test(value)) throw invalid(`${name} is there twice, or has what is no text`);
  return value;
}

/** Of the transport, or else of the event; both halves from the same place. */
function traceIn(headers: ReadonlyMap<string, string>, body: Body): Envelope['trace'] {
  const inBody = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined);
  const places = [(name: string) => headers.get(name), inBody, (name: string) => headers.get(`ce_${name}`)];
  const place = places.find((says) => says('traceparent')) ?? (() => undefined);
  return { traceparent: place('traceparent'), tracestate: place('tracestate') };
}

/** What no data of ours has, so that it is not taken for an envelope. */
const looksStructured = (body: Body): boolean =>
  typeof body['specversion'] === 'string' &&
  typeof body['type'] === 'string' &&
  (Object.hasOwn(body, 'data') || Object.hasOwn(body, 'data_base64'));

function dataIn(envelope: Body, topic: string, isOfDapr: boolean): unknown {
  const { data, data_base64: base64 } = envelope;
  if (base64 !== undefined && base64 !== null) {
    if (data !== undefined) throw invalid('the event has data and data_base64');
    const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
    if (!bytes || bytes.toString('base64') !== base64) throw invalid('data_base64 is not base64');
    return parseBytes(topic, bytes);
  }
  // Dapr passes data without a JSON content type on as a text.
  return isOfDapr && typeof data === 'string' ? asText(topic, data) : data;
}

function mustBeOf(topic: string, said: unknown): void {
  // An installation that has a name has it before the names of its topics.
  if (typeof said === 'string' && !said.endsWith(topic))
    throw new TerminalError('wrong_event_type', `the envelope is of another topic than ${topic}`);
}

const isObject = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (message: string) => new TerminalError('invalid_envelope', message);
