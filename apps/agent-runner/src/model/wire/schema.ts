import { isRecord } from './record.js';

type Schema = Record<string, unknown>;

const types = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);
const named = new Set(['properties', '$defs', 'definitions', 'patternProperties']);
const lists = new Set(['anyOf', 'oneOf', 'allOf']);
const singles = new Set(['items', 'additionalProperties', 'not', 'contains', 'propertyNames']);
/** Keywords that are copied as they are, when they have the right type. */
const plain: Record<string, (value: unknown) => boolean> = {
  title: isText,
  description: isText,
  format: isText,
  const: () => true,
  default: () => true,
  examples: Array.isArray,
  enum: (value) => Array.isArray(value) && value.length > 0,
  required: (value) => Array.isArray(value) && value.every(isText),
  type: (value) => [value].flat().length > 0 && [value].flat().every((each) => isText(each) && types.has(each)),
  pattern: (value) => isText(value) && isPattern(value),
  ...Object.fromEntries(
    ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength']
      .concat('minItems', 'maxItems', 'minProperties', 'maxProperties', 'minContains', 'maxContains')
      .map((keyword) => [keyword, Number.isFinite]),
  ),
  uniqueItems: (value) => typeof value === 'boolean',
};

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Deeper than this the schema that a model gets says nothing; arguments are validated all the same. */
const deepest = 30;

/**
 * The parameters of a tool in a form that each provider accepts: one that is refused would have all tools of its agent
 * refused. It may allow more than the tool's own schema, which the arguments are checked against nevertheless.
 */
export function wireSchema(parameters: Schema): Schema {
  const { anyOf, oneOf, allOf, ...rest } = parameters;
  const root = schemaOn({ ...rest, enum: undefined, const: undefined, not: undefined }, parameters, 0);
  const parts = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  const of = parts.map((part) => deref(part, parameters)).filter(isRecord);
  const properties: Schema = {};
  for (const part of of)
    for (const [name, each] of Object.entries(isRecord(part['properties']) ? part['properties'] : {}))
      properties[name] ??= schemaAt(each, parameters, 1);
  const own = isRecord(root['properties']) ? root['properties'] : {};
  const all = { ...properties, ...own };
  const always = (Array.isArray(allOf) ? (allOf as unknown[]) : []).flatMap((part) => {
    const required = isRecord(part) ? part['required'] : undefined;
    return Array.isArray(required) ? required.filter(isText) : [];
  });
  const required = [...new Set([...((root['required'] as string[] | undefined) ?? []), ...always])];
  return {
    ...root,
    type: 'object',
    properties: all,
    ...(required.length > 0 && { required }),
    // What only an alternative has must not be forbidden beside it.
    ...(of.length > 0 && root['additionalProperties'] === false && { additionalProperties: true }),
  };
}

function schemaAt(schema: unknown, root: Schema, depth: number): unknown {
  if (typeof schema === 'boolean') return schema;
  return isRecord(schema) && depth < deepest ? schemaOn(schema, root, depth) : {};
}

function schemaOn(schema: Schema, root: Schema, depth: number): Schema {
  const { $ref } = schema;
  const result: Schema = {};
  if (isText($ref) && isTopDefinition($ref, root)) result['$ref'] = $ref;
  for (const [keyword, value] of Object.entries(schema)) {
    if (Object.hasOwn(plain, keyword) && value !== undefined && plain[keyword]!(value)) result[keyword] = value;
    else if (named.has(keyword) && isRecord(value)) result[keyword] = namesOn(keyword, value, root, depth);
    else if (lists.has(keyword) && Array.isArray(value) && value.length > 0)
      result[keyword] = value.map((each) => schemaAt(each, root, depth + 1));
    else if (singles.has(keyword) && (isRecord(value) || typeof value === 'boolean'))
      result[keyword] = schemaAt(value, root, depth + 1);
  }
  const tuple = [schema['items'], schema['prefixItems']].find(Array.isArray) as unknown[] | undefined;
  if (tuple !== undefined && tuple.length > 0 && result['items'] === undefined)
    result['items'] = { anyOf: tuple.map((each) => schemaAt(each, root, depth + 1)) };
  if (tuple !== undefined && typeof result['items'] === 'boolean')
    result['items'] = { anyOf: tuple.map((each) => schemaAt(each, root, depth + 1)) };
  if ([result['type']].flat().includes('array')) result['items'] ??= {};
  return result;
}

const namesOn = (keyword: string, value: Schema, root: Schema, depth: number): Schema =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => keyword !== 'patternProperties' || isPattern(name))
      .map(([name, each]) => [name, schemaAt(each, root, depth + 1)]),
  );

function isTopDefinition($ref: string, root: Schema): boolean {
  if ($ref === '#') return true;
  const [, group, name] = /^#\/(\$defs|definitions)\/([^/%]+)$/.exec($ref) ?? [];
  const definitions = group === undefined ? undefined : root[group];
  return isRecord(definitions) && Object.hasOwn(definitions, name!.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function deref(schema: unknown, root: Schema): unknown {
  if (!isRecord(schema) || !isText(schema['$ref']) || !isTopDefinition(schema['$ref'], root)) return schema;
  const [, group, name] = schema['$ref'].split('/');
  return name === undefined ? schema : (root[group!] as Schema)[name.replaceAll('~1', '/').replaceAll('~0', '~')];
}

/** In JavaScript and in Python, so that it may be checked wherever it arrives. */
function isPattern(pattern: string): boolean {
  if (/\\[pPuk]|\(\?</.test(pattern)) return false;
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}
