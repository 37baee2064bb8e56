type Schema = Record<string, unknown>;

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keywords whose values are data, whatever they look like. */
const data = new Set(['const', 'default', 'enum', 'examples']);
/** Keywords whose fields are names that the schema's author chose. */
const named = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/**
 * A JSON Schema of draft 3 to 2019-09 as one of 2020-12 with the same meaning. What a validator of today refuses, or passes
 * over, of older ones is said in today's words: a list of `items`, bounds that are excluded by `true`, a property that is
 * `required: true`, `dependencies`, `divisibleBy`, `extends`, `disallow`. What was passed over would allow more.
 */
export function modernSchema(schema: Schema): Schema {
  return objectSchema(schema);
}

function modern(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(modern);
  return isObject(schema) ? objectSchema(schema) : schema;
}

function objectSchema(schema: Schema): Schema {
  const { $schema: _, id, ...rest } = schema;
  const result: Schema = Object.fromEntries(
    Object.entries(typeof id === 'string' ? rest : schema).flatMap(([keyword, value]) => {
      if (keyword === '$schema') return [];
      if (data.has(keyword)) return [[keyword, value]];
      if (named.has(keyword) && isObject(value))
        return [[keyword, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, modern(each)]))]];
      return [[keyword, modern(value)]];
    }),
  );
  tuple(result);
  bound(result, 'minimum', 'exclusiveMinimum');
  bound(result, 'maximum', 'exclusiveMaximum');
  required(result, schema);
  dependencies(result);
  ofDraft3(result);
  return result;
}

function tuple(schema: Schema): void {
  if (!Array.isArray(schema['items'])) return;
  schema['prefixItems'] = schema['items'];
  delete schema['items'];
  if (schema['additionalItems'] !== undefined) schema['items'] = schema['additionalItems'];
  delete schema['additionalItems'];
  if ((schema['prefixItems'] as unknown[]).length === 0) delete schema['prefixItems'];
}

function bound(schema: Schema, limit: 'minimum' | 'maximum', excluded: string): void {
  if (typeof schema[excluded] !== 'boolean') return;
  const isExcluded = schema[excluded];
  delete schema[excluded];
  if (!isExcluded || typeof schema[limit] !== 'number') return;
  schema[excluded] = schema[limit];
  delete schema[limit];
}

/** @param before as it was, where each property still says whether it is required. */
function required(schema: Schema, before: Schema): void {
  if (typeof schema['required'] === 'boolean') delete schema['required'];
  const properties = isObject(before['properties']) ? Object.entries(before['properties']) : [];
  const names = properties.flatMap(([name, each]) => (isObject(each) && each['required'] === true ? [name] : []));
  if (names.length === 0) return;
  const known = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  schema['required'] = [...new Set([...known, ...names])];
}

function dependencies(schema: Schema): void {
  const { dependencies: all } = schema;
  if (!isObject(all)) return;
  delete schema['dependencies'];
  const lists = Object.entries(all).filter(([, needs]) => Array.isArray(needs) || typeof needs === 'string');
  const schemas = Object.entries(all).filter(([, needs]) => !Array.isArray(needs) && typeof needs !== 'string');
  const add = (keyword: string, entries: [string, unknown][]) => {
    if (entries.length > 0)
      schema[keyword] = { ...(isObject(schema[keyword]) ? schema[keyword] : {}), ...Object.fromEntries(entries) };
  };
  add(
    'dependentRequired',
    lists.map(([name, needs]) => [name, [needs].flat()]),
  );
  add('dependentSchemas', schemas);
}

function ofDraft3(schema: Schema): void {
  const { divisibleBy, extends: extended, disallow, ...rest } = schema;
  const also = [
    ...(divisibleBy === undefined ? [] : [{ multipleOf: divisibleBy }]),
    ...(extended === undefined ? [] : [extended].flat()),
    ...(disallow === undefined ? [] : [{ not: { anyOf: [disallow].flat().map(disallowed) } }]),
  ];
  if (also.length === 0) return;
  for (const keyword of ['divisibleBy', 'extends', 'disallow']) delete schema[keyword];
  schema['allOf'] = [...(Array.isArray(rest['allOf']) ? (rest['allOf'] as unknown[]) : []), ...also];
}

const disallowed = (each: unknown): unknown => (typeof each !== 'string' ? each : each === 'any' ? {} : { type: each });
