import type { UserInputField } from '@countersign/contracts/calls';
import { parseStrictJson } from '@countersign/contracts/json';
import { patternInWords } from './pattern-words.js';

type Schema = Record<string, unknown>;

/** A field of a form, as a JSON Schema describes it. */
export interface Field {
  name: string;
  kind: 'text' | 'integer' | 'number' | 'boolean' | 'choice' | 'json';
  description: string | null;
  required: boolean;
  choices: unknown[];
  /** What else a value must be, in words. */
  rules: string[];
}

/** The contents of the fields; an absent field is omitted. */
export type Written = Record<string, string>;

/** The fields of an object's schema; null when it has no such thing, so that it is written as JSON. */
export function fieldsOf(schema: Schema | null): Field[] | null {
  const properties = schema?.['properties'];
  if (!isObject(properties) || Object.keys(properties).length === 0) return null;
  const required = new Set(Array.isArray(schema?.['required']) ? schema['required'] : []);
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(name, isObject(property) ? property : {}, required.has(name)),
  );
}

export function fieldOf(name: string, schema: Schema, required: boolean): Field {
  const { description } = schema;
  const choices = Array.isArray(schema['enum']) ? schema['enum'] : [];
  return {
    name,
    kind: choices.length > 0 ? 'choice' : kindOf(schema),
    description: typeof description === 'string' ? description : null,
    required,
    choices,
    rules: rulesOf(schema),
  };
}

const typeNames = { str: 'string', int: 'integer', float: 'number', bool: 'boolean', list: 'array', dict: 'object' };

/** The fields that a tool wants a person to fill in. */
export const fieldsOfInputs = (inputs: readonly UserInputField[]): Field[] =>
  inputs.map(({ name, field_type, description, schema, required }) =>
    fieldOf(name, { type: typeNames[field_type], ...(description !== null && { description }), ...schema }, required),
  );

function kindOf({ type }: Schema): Field['kind'] {
  if (type === 'string') return 'text';
  return type === 'integer' || type === 'number' || type === 'boolean' ? type : 'json';
}

const words: Record<string, (value: unknown) => string> = {
  minimum: (value) => `at least ${String(value)}`,
  maximum: (value) => `at most ${String(value)}`,
  exclusiveMinimum: (value) => `more than ${String(value)}`,
  exclusiveMaximum: (value) => `less than ${String(value)}`,
  minLength: (value) => (value === 1 ? 'not empty' : `at least ${String(value)} characters`),
  maxLength: (value) => `at most ${String(value)} characters`,
  pattern: (value) => patternInWords(String(value)),
  format: (value) => String(value),
};

const rulesOf = (schema: Schema): string[] =>
  Object.entries(words).flatMap(([keyword, say]) => (keyword in schema ? [say(schema[keyword])] : []));

/** What stands in the fields for these values. */
export const writtenFor = (fields: readonly Field[], values: Record<string, unknown>): Written =>
  Object.fromEntries(
    fields.flatMap(({ name, kind }) =>
      values[name] === undefined || values[name] === null ? [] : [[name, asText(kind, values[name])]],
    ),
  );

const asText = (kind: Field['kind'], value: unknown): string =>
  kind !== 'json' && kind !== 'choice' && typeof value === 'string'
    ? value
    : JSON.stringify(value, null, kind === 'json' ? 2 : 0);

/**
 * The input as values, and its errors by field. The server checks the full schema.
 *
 * @param extra values that have no field, and stay as they are.
 */
export function valuesIn(
  fields: readonly Field[],
  written: Written,
  extra: Record<string, unknown> = {},
): { values: Record<string, unknown>; problems: Record<string, string> } {
  const known = new Set(fields.map(({ name }) => name));
  const values = Object.fromEntries(Object.entries(extra).filter(([name]) => !known.has(name)));
  const problems: Record<string, string> = {};
  for (const field of fields) {
    const text = written[field.name];
    if (text === undefined || (text.trim() === '' && (field.kind !== 'text' || !field.required))) {
      if (field.required) problems[field.name] = 'is missing';
      continue;
    }
    const read = valueOf(field, text);
    if ('problem' in read) problems[field.name] = read.problem;
    else values[field.name] = read.value;
  }
  return { values, problems };
}

const wanted: Record<Field['kind'], string> = {
  text: 'must be a text',
  integer: 'must be a whole number',
  number: 'must be a number',
  boolean: 'must be yes or no',
  choice: 'must be one of those',
  json: 'must be JSON; a text stands in double quotes',
};

function valueOf({ kind }: Field, text: string): { value: unknown } | { problem: string } {
  if (kind === 'text') return { value: text };
  const read = parseStrictJson(text);
  if (!read.ok) return { problem: read.problem.code === 'not_json' ? wanted[kind] : read.problem.message };
  const { value } = read;
  const isWanted = kind === 'integer' ? Number.isInteger(value) : kind !== 'number' || typeof value === 'number';
  return isWanted ? { value } : { problem: wanted[kind] };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
