import { catalogue, eventNames, type EventName } from './catalogue.js';
import { eventJsonSchema } from './json-schemas.js';

/** As much of a JSON Schema as the schemas of the catalogue use. */
interface Schema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  not?: object;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** The event reference for people, in Markdown: `docs/events.md`. */
export function eventReference(): string {
  return [
    '# Events',
    '',
    'Generated from `libs/contracts/src/events/catalogue.ts`; `npx vitest run -u --project contracts` regenerates it.',
    '',
    'The name of an event is its topic and its CloudEvents type, and the key of its message is the id of its run.',
    'The JSON Schema of its data is `docs/schemas/<event>.json`, and an example `libs/contracts/fixtures/v1/<event>.json`.',
    '',
    '| event | from | to | says |',
    '|---|---|---|---|',
    ...eventNames.map((name) => {
      const { from, to, says } = catalogue[name];
      return `| [\`${name}\`](#${anchor(name)}) | ${from} | ${to.join(', ')} | ${says} |`;
    }),
    ...eventNames.flatMap(section),
    '',
  ].join('\n');
}

function section(name: EventName): string[] {
  const { from, to, says } = catalogue[name];
  return [
    '',
    `## ${name}`,
    '',
    `${says} From ${from} to ${to.join(', ')}.`,
    '',
    '| field | type | description |',
    '|---|---|---|',
    ...fieldsOf(eventJsonSchema(name) as Schema),
  ];
}

/** A row for each field, with those of inner objects under their path. */
function fieldsOf({ properties = {}, required = [] }: Schema, path = ''): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const type = typeOf(schema) + (required.includes(name) ? '' : ', optional');
    const inner = [schema, ...(schema.anyOf ?? [])].flatMap((each) => [
      ...fieldsOf(each, `${path}${name}.`),
      ...(each.items ? fieldsOf(each.items, `${path}${name}[].`) : []),
    ]);
    return [`| \`${path}${name}\` | ${type} | ${descriptionOf(schema)} |`, ...inner];
  });
}

const descriptionOf = ({ description, anyOf = [] }: Schema): string =>
  description ?? anyOf.find((each) => each.description)?.description ?? '';

function typeOf({ type, enum: values, const: value, anyOf, items, not }: Schema): string {
  if (not) return 'nothing';
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (values) return values.map((each) => `\`${String(each)}\``).join(', ');
  if (value !== undefined) return `\`${String(value)}\``;
  if (items) return `array of ${typeOf(items)}`;
  return [type ?? 'anything'].flat().join(' or ');
}

const anchor = (name: string): string => name.replaceAll('.', '');
