import { isObject, type Refusal } from './refusal.js';

type Schema = Record<string, unknown>;

const names = new Set(['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas']);
const lists = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const singles = ['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'];
const types = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);

/** What is wrong with the tools of a request: one of them is enough for all of it to be refused. */
export function toolRefusal(tools: unknown): Refusal | undefined {
  if (!Array.isArray(tools)) return { code: 'invalid_type', message: "Invalid type for 'tools'.", param: 'tools' };
  const seen = new Set<string>();
  for (const [n, tool] of tools.entries()) {
    const param = `tools[${n}]`;
    const refused = (message: string, field = '', code = 'invalid_value'): Refusal => ({
      code,
      message,
      param: param + field,
    });
    if (!isObject(tool) || tool['type'] !== 'function') return refused('Only functions are taken here.', '.type');
    const name = tool['name'];
    if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) return refused('It is no name.', '.name');
    if (seen.has(name)) return refused(`Tool names must be unique: ${name}.`, '.name');
    seen.add(name);
    if (tool['description'] !== undefined && typeof tool['description'] !== 'string')
      return refused('A text is expected.', '.description', 'invalid_type');
    const why = isObject(tool['parameters']) ? parametersProblem(tool['parameters']) : 'it is no object';
    if (why !== undefined)
      return refused(`Invalid schema for function '${name}': ${why}`, '.parameters', 'invalid_function_parameters');
  }
  return undefined;
}

function parametersProblem(schema: Schema): string | undefined {
  const above = ['oneOf', 'anyOf', 'allOf', 'enum', 'not'].find((keyword) => keyword in schema);
  if (schema['type'] !== 'object' || above !== undefined)
    return `schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.`;
  if (!isObject(schema['properties'])) return 'object schema missing properties';
  return problem(schema, schema, '()');
}

function problem(schema: unknown, root: Schema, at: string): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  if (!isObject(schema)) return `In context=${at}, ${JSON.stringify(schema)} is not of type 'object', 'boolean'.`;
  const { $ref, pattern, required, type } = schema;
  if ($ref !== undefined && !isThere(String($ref), root))
    return `In context=${at}, reference can only point to definitions defined at the top level of the schema.`;
  const kinds = type === undefined ? [] : [type].flat();
  if (!kinds.every((kind) => typeof kind === 'string' && types.has(kind)))
    return `In context=${at}, ${JSON.stringify(type)} is not valid under any of the given schemas.`;
  if (kinds.includes('array') && schema['items'] === undefined) return `In context=${at}, array schema missing items.`;
  if (Array.isArray(schema['items'])) return `In context=${at}, ${JSON.stringify(schema['items'])} is not a schema.`;
  if (pattern !== undefined && !isPattern(pattern))
    return `In context=${at}, ${JSON.stringify(pattern)} is not a 'regex'.`;
  if (required !== undefined && !(Array.isArray(required) && required.every((name) => typeof name === 'string')))
    return `In context=${at}, ${JSON.stringify(required)} is not of type 'array'.`;
  for (const bound of ['exclusiveMinimum', 'exclusiveMaximum'])
    if (schema[bound] !== undefined && typeof schema[bound] !== 'number')
      return `In context=${at}, ${JSON.stringify(schema[bound])} is not of type 'number'.`;
  if (schema['enum'] !== undefined && !(Array.isArray(schema['enum']) && schema['enum'].length > 0))
    return `In context=${at}, ${JSON.stringify(schema['enum'])} should be non-empty.`;
  return first(partsOf(schema), ([name, part]) => problem(part, root, `${at}.${name}`));
}

function* partsOf(schema: Schema): Generator<[string, unknown]> {
  for (const [keyword, value] of Object.entries(schema)) {
    if (names.has(keyword) && isObject(value)) yield* Object.entries(value);
    else if (names.has(keyword)) yield [keyword, null];
    else if (lists.has(keyword)) yield* Object.entries(Array.isArray(value) && value.length > 0 ? value : [null]);
    else if (singles.includes(keyword)) yield [keyword, value];
  }
}

function first<T>(each: Iterable<T>, of: (one: T) => string | undefined): string | undefined {
  for (const one of each) {
    const found = of(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isThere(ref: string, root: Schema): boolean {
  if (ref === '#') return true;
  const [, group, name] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(ref) ?? [];
  const definitions = group === undefined ? undefined : root[group];
  return isObject(definitions) && Object.hasOwn(definitions, name!.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isPattern(pattern: unknown): boolean {
  if (typeof pattern !== 'string') return false;
  try {
    return Boolean(new RegExp(pattern, 'u'));
  } catch {
    return false;
  }
}
