import type { z } from 'zod';
import { commandKind } from './command/kind.js';
import { httpKind } from './http/kind.js';
import { kafkaKind } from './kafka/kind.js';

/** All kinds, in the order in which the schema and messages name them. The executor builds the adapter of each. */
export const executeKinds = [commandKind, httpKind, kafkaKind] as const;

type Kind = (typeof executeKinds)[number];
export type ExecuteKind = Kind['name'];

/** What the file says of a call that is made in one of the ways, with defaults filled in. */
export type ExecuteKindEntries = { [K in Kind as K['name']]: z.infer<K['schema']> };

type Fields = { [K in Kind as K['name']]: z.ZodOptional<K['schema']> };

/** A field for each kind: that exactly one is there is checked apart, for the message's sake. */
export const kindFields = Object.fromEntries(
  executeKinds.map(({ name, schema }) => [name, schema.optional()]),
) as unknown as Fields;
