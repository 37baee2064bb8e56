import { z } from 'zod';
import { dataSchema } from './event.js';
import { catalogue, eventNames, type EventName } from './catalogue.js';

/** The JSON Schema (2020-12) of an event's data, as a producer must write it. */
export const eventJsonSchema = (name: EventName) => ({
  $id: dataSchema(name),
  title: name,
  ...z.toJSONSchema(catalogue[name].schema, { io: 'input' }),
});

export const eventJsonSchemas = () => Object.fromEntries(eventNames.map((name) => [name, eventJsonSchema(name)]));
