import fc, { type Arbitrary } from 'fast-check';
import type { Document, Operation } from './standalone.fixtures.js';

/** A request as it is sent. */
export interface Request {
  route: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
}

const texts = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.toWellFormed()) },
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'null',
    '__proto__',
    'constructor',
    '../..',
    '$ne',
    "' OR 1=1 --",
    '{"$gt":""}',
    '-1',
    'NaN',
    '1e999',
  ),
  fc.constantFrom(201, 10_001, 100_001).map((length) => 'x'.repeat(length)),
);
const junk = fc.oneof(texts, fc.jsonValue(), fc.double(), fc.constantFrom(-1, 1e21, 2 ** 53, true, null, [], {}, [[]]));

/** Mostly what the schema asks for; now and then something else, at any depth. */
function valueOf(schema: Schema, document: Document): Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema, document) }, junk);
}

function fitting(schema: Schema, document: Document): Arbitrary<unknown> {
  const { $ref, anyOf, oneOf, enum: options, properties, items } = schema;
  if ($ref) return fitting(document.components.schemas[$ref.split('/').at(-1)!] as Schema, document);
  if (options) return fc.constantFrom(...options);
  if ('const' in schema) return fc.constant(schema.const);
  const ways = anyOf ?? oneOf;
  if (ways) return fc.oneof(...ways.map((each) => valueOf(each, document)));
  if (properties) return recordOf(schema, document);
  if (items) return fc.array(valueOf(items, document), { maxLength: 3 });
  return scalar(schema);
}

function recordOf({ properties = {}, required = [] }: Schema, document: Document): Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, each]) => [name, valueOf(each, document)] as const);
  const record = fc.record(Object.fromEntries(fields), { requiredKeys: required });
  const more = fc.dictionary(texts, junk, { maxKeys: 2 });
  return fc.oneof(
    { weight: 6, arbitrary: record },
    fc.record(Object.fromEntries(fields), { requiredKeys: [] }),
    fc.tuple(record, more).map(([known, other]) => ({ ...other, ...known })),
  );
}

function scalar({ type, minimum, maximum }: Schema): Arbitrary<unknown> {
  const kind = Array.isArray(type) ? type[0] : type;
  if (kind === 'integer') return fc.integer({ min: minimum ?? 0, max: Math.min(maximum ?? 1_000, 2 ** 31) });
  if (kind === 'number') return fc.double({ min: minimum ?? 0, max: maximum ?? 1_000, noNaN: true });
  if (kind === 'boolean') return fc.boolean();
  if (kind === 'object') return fc.dictionary(texts, junk, { maxKeys: 3 });
  if (kind === 'array') return fc.array(junk, { maxLength: 3 });
  return kind === 'string' ? texts : junk;
}

/** A part of a path, as it stands in one: encoded, or not as it should be. */
const pathPart = (known: readonly string[]): Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...known) },
    { weight: 2, arbitrary: texts.map((text) => encodeURIComponent(text.slice(0, 1_000).toWellFormed()) || '%20') },
    fc.constantFrom(
      '%00',
      '%',
      '%zz',
      '%ff',
      '%c3%28',
      '..%2f..%2fetc',
      'a%2fb',
      ';',
      '*',
      '%0d%0ax: y',
      '%F0%9F%98%80',
    ),
  );

/** What is waited for is waited for briefly. */
const shortly: Record<string, Arbitrary<string>> = { timeout: fc.constantFrom('0', '0.1', '', 'x', '-1', '61') };

function queryOf({ parameters = [] }: Operation, document: Document): Arbitrary<string> {
  const pairs = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) => {
      const value = shortly[name] ?? valueOf(schema as Schema, document).map(asText);
      const given = fc.oneof({ weight: 5, arbitrary: value.map((text) => [text]) }, fc.array(value, { maxLength: 3 }));
      const often = name in shortly ? given : fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, given);
      return often.map((all) =>
        all.map((text) => `${name}=${encodeURIComponent(text.slice(0, 5_000).toWellFormed())}`),
      );
    });
  const odd = fc.constantFrom('', '', '', '', '&&=&', '&__proto__=1', '&%00=%00', '&limit[]=1', '&limit[a]=1', '&%zz');
  return fc.tuple(fc.tuple(...pairs), odd).map(([all, more]) => `?${all.flat().join('&')}${more}`);
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const json = 'application/json';
const otherTypes = fc.constantFrom(
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'nonsense',
  '',
);

function bodyOf({ requestBody }: Operation, document: Document): Arbitrary<Pick<Request, 'headers' | 'body'>> {
  const content = requestBody?.content?.[json];
  if (!content)
    return fc.constantFrom({ headers: {} }, { headers: {} }, { headers: { 'content-type': json }, body: '{}' });
  const text = valueOf(content.schema as Schema, document).map((value) => JSON.stringify(value) ?? '');
  const as = (type: string, body: string) => ({ headers: { 'content-type': type }, body });
  return fc.oneof(
    { weight: 12, arbitrary: text.map((body) => as(json, body)) },
    fc.tuple(otherTypes, text).map(([type, body]) => as(type, body)),
    text.map((body) => as(json, body.slice(0, -1))),
    fc
      .constantFrom('', 'null', '[', '{"a":', '"', '\0', '{"__proto__":{"x":1}}', '['.repeat(50_000))
      .map((body) => as(json, body)),
    fc.constant(as(json, `{"input":"${'x'.repeat(1_100_000)}"}`)),
    fc.constant({ headers: {} }),
  );
}

const headersOf = ({ parameters = [] }: Operation): Arbitrary<Record<string, string>> => {
  const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map((text) => text.trim());
  return fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] }) as Arbitrary<
    Record<string, string>
  >;
};

/**
 * Any request to one route, sensible and not.
 *
 * @param known what there is, by the name of the parameter, or by the part of the API and the name.
 */
export function requestTo(
  route: string,
  operation: Operation,
  document: Document,
  known: Record<string, readonly string[]>,
): Arbitrary<Request> {
  const [method, template] = route.split(' ') as [string, string];
  const names = [...template.matchAll(/\{(\w+)\}/g)];
  const path = fc
    .tuple(
      ...names.map(([, name]) => pathPart(known[`${template.split('/')[1]} ${name}`] ?? known[name!] ?? ['nowhere'])),
    )
    .map((parts) => parts.reduce((path, part) => path.replace(/\{\w+\}/, () => part), template));
  return fc
    .tuple(
      path,
      queryOf(operation, document),
      headersOf(operation),
      method === 'GET' ? fc.constant({ headers: {} }) : bodyOf(operation, document),
    )
    .map(([path, query, headers, { headers: type, ...body }]) => ({
      route,
      method,
      path: path + query,
      headers: { ...headers, ...type },
      ...body,
    }));
}
