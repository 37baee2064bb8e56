/** As much of a JSON Schema as the schemas of events use. */
export interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  [keyword: string]: unknown;
}

/** Who must not be broken: those who read what a service writes, or those who write what a service reads. */
export type Side = 'readers' | 'writers';

const bounds: readonly (readonly [keyword: string, tighter: 'less' | 'more'])[] = [
  ['maxLength', 'less'],
  ['maximum', 'less'],
  ['exclusiveMaximum', 'less'],
  ['maxItems', 'less'],
  ['minLength', 'more'],
  ['minimum', 'more'],
  ['exclusiveMinimum', 'more'],
  ['minItems', 'more'],
];

/**
 * What of a change of a schema breaks those who hold to the schema before it. A reader may meet nothing that it did not
 * allow, nor miss what it promised; a writer may be refused nothing that it allowed. New fields are open to both, unless
 * a writer would have to know one.
 */
export function breaks(before: Schema, after: Schema, side: Side, at = ''): string[] {
  const found: string[] = [];
  const say = (what: string) => found.push(`${at || 'all of it'}: ${what}`);
  const [wide, narrow] = side === 'readers' ? [before, after] : [after, before];
  for (const kind of kindsOf(narrow))
    if (!kindsOf(wide).includes(kind)) say(`${kind} is ${side === 'readers' ? 'new' : 'gone'}`);
  if (side === 'writers') found.push(...tighter(before, after, at));
  const [was, is] = [objectIn(before), objectIn(after)];
  for (const [name, schema] of Object.entries(was?.properties ?? {})) {
    const path = at === '' ? name : `${at}.${name}`;
    const next = is?.properties?.[name];
    if (!next) found.push(`${path}: is gone`);
    else found.push(...breaks(schema, next, side, path));
    const [had, has] = [was?.required?.includes(name) === true, is?.required?.includes(name) === true];
    if (next && side === 'readers' && had && !has) found.push(`${path}: is not always there any more`);
    if (next && side === 'writers' && !had && has) found.push(`${path}: has to be there now`);
  }
  for (const name of is?.required ?? [])
    if (side === 'writers' && !(name in (was?.properties ?? {})))
      found.push(`${at === '' ? name : `${at}.${name}`}: is new, and has to be there`);
  const [items, nextItems] = [arrayIn(before)?.items, arrayIn(after)?.items];
  if (items && nextItems) found.push(...breaks(items, nextItems, side, `${at}[]`));
  return found;
}

/** The types that a value may have, and the values where only some are allowed. */
function kindsOf(schema: Schema): string[] {
  if (schema.anyOf) return schema.anyOf.flatMap(kindsOf);
  if ('const' in schema) return [JSON.stringify(schema.const)];
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value));
  return [schema.type ?? 'anything'].flat();
}

function tighter(before: Schema, after: Schema, at: string): string[] {
  const [was, is] = [scalarIn(before), scalarIn(after)];
  const where = at || 'all of it';
  const found = bounds.flatMap(([keyword, direction]) => {
    const [old, now] = [was[keyword], is[keyword]] as [number | undefined, number | undefined];
    const isTighter = now !== undefined && (old === undefined || (direction === 'less' ? now < old : now > old));
    return isTighter ? [`${where}: ${keyword} is ${now} now`] : [];
  });
  return was['pattern'] === is['pattern'] || is['pattern'] === undefined
    ? found
    : [...found, `${where}: another pattern`];
}

const branch = (schema: Schema, fits: (each: Schema) => boolean): Schema | undefined =>
  fits(schema) ? schema : schema.anyOf?.find((each) => branch(each, fits));
const objectIn = (schema: Schema) => branch(schema, ({ properties }) => properties !== undefined);
const arrayIn = (schema: Schema) => branch(schema, ({ items }) => items !== undefined);
const scalarIn = (schema: Schema): Schema =>
  branch(schema, ({ type }) => type === 'string' || type === 'integer' || type === 'number' || type === 'array') ?? {};
