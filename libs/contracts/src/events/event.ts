import { catalogue, type EventData, type EventName, type ServiceName } from './catalogue.js';
import { TerminalError } from '../problems/errors.js';
import type { Provenance } from '../provenance/provenance.js';
import type { TraceContext } from '../trace/trace-headers.js';
import { z } from 'zod';

/** An event that has happened: its data, and the CloudEvents attributes that travel as headers. */
export interface Event<N extends EventName = EventName> extends TraceContext, Partial<Provenance> {
  id: string;
  type: N;
  source: string;
  /** ISO 8601, when the transition behind it happened. */
  time: string;
  /** The record it is about. */
  subject: string;
  /** Its number among the events of its record, from 1 and without a gap; unset: nobody counts those. */
  sequence?: number | undefined;
  /** The Kafka key: the run's id, so that the events of a run stay in order. */
  key: string;
  data: EventData<N>;
}

/** What a state machine emits: the rest of an {@link Event} follows from the transition. */
export type NewEvent = { [N in EventName]: { type: N; data: EventData<N> } }[EventName];

export const emit = <N extends EventName>(type: N, data: EventData<N>): NewEvent => ({ type, data }) as NewEvent;

/** The CloudEvents `source` of what a service publishes. */
export const eventSource = (service: ServiceName): string => `/countersign/${service}`;

/** Which version of the schema of its data an event is written by: CloudEvents' `dataschema`, and the schema's `$id`. */
export const dataSchema = (name: string): string => `urn:countersign:event:${name}:1`;

/** @throws TerminalError that names each field that is wrong, and quotes nothing of what is in it. */
export function parseEventData<N extends EventName>(name: N, data: unknown): EventData<N> {
  const parsed = catalogue[name].schema.safeParse(data);
  if (parsed.success) return parsed.data as EventData<N>;
  throw new TerminalError('invalid_data', `not a valid ${name}: ${parsed.error.issues.map(problemOf).join('; ')}`);
}

/** Names of fields that are not declared are part of the input, and may be anything. */
const problemOf = ({ code, path, message }: z.core.$ZodIssue): string =>
  `${path.join('.') || 'all of it'}: ${code === 'unrecognized_keys' ? 'has fields that are not declared' : message} [${code}]`;
