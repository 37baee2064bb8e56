export {
  type EventData,
  type EventName,
  type EventsTo,
  type ActingService,
  type ServiceName,
  actingServices,
  catalogue,
  eventNames,
  eventsTo,
  isCommand,
  isEventName,
  refusals,
  services,
} from './events/catalogue.js';
export { type Event, type NewEvent, dataSchema, emit, eventSource, parseEventData } from './events/event.js';
export { checkSize, maxEventBytes } from './events/event-size.js';
export type { HiddenArguments, Redaction } from './events/event-redaction.js';
export { approvalId, derivedId, eventId, isMadeHere, versionIn } from './events/ids.js';
export { eventJsonSchema, eventJsonSchemas } from './events/json-schemas.js';
export { Id, JsonObject, Lease, QueueOwner, RequestedBy, Salt, queueOwner, stored } from './fields/fields.js';
export { longestId } from './fields/longest-id.js';
export type { Log } from './log.js';
