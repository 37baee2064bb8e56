import { canonicalJson } from '@countersign/contracts/json';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { Pattern, patternProblem, TextTooLong } from '../pattern/pattern.js';

/** Maximum number of reported problems; a model or a person fixes the first before they read the hundredth. */
const mostProblems = 20;

/** What a model, a person or an MCP server wrote as a pattern is compared in linear time. */
const linear = Object.assign((source: string) => new Pattern(source), { code: 'linear' });

const ajv = new Ajv2020({
  allErrors: true,
  strict: false,
  validateFormats: true,
  ownProperties: true,
  code: { regExp: linear },
});
formats.default(ajv);
// The usual ones take a time that is quadratic in the text, or in the list.
ajv.addFormat('url', (text) => /^(?:https?|ftp):\/\/\S+$/i.test(text) && URL.canParse(text));
ajv.addFormat('regex', (text) => patternProblem(text) === undefined);
ajv.removeKeyword('uniqueItems');
ajv.addKeyword({
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must NOT have duplicate items' },
  validate: (unique: boolean, list: unknown[]) => !unique || new Set(list.map(comparable)).size === list.length,
});

const compiled = new WeakMap<object, ValidateFunction>();

/** @returns a line for each thing that is wrong with the arguments, none when they fit the JSON Schema. */
export function argumentProblems(schema: Record<string, unknown>, args: unknown): string[] {
  const validate = validatorOf(schema);
  try {
    return validate(args) ? [] : unique((validate.errors ?? []).map(problem));
  } catch (error) {
    if (error instanceof TextTooLong) return [`the arguments: a text ${error.message}`];
    throw error;
  }
}

/** @throws when this is no JSON Schema, or has a pattern that takes no linear time. */
export function validatorOf(schema: Record<string, unknown>): ValidateFunction {
  let validate = compiled.get(schema);
  if (!validate) {
    // Ajv would keep what it compiles for good, and refuse a second schema with the same `$id`.
    const { $id: _, ...anonymous } = schema;
    compiled.set(schema, (validate = ajv.compile(anonymous)));
    ajv.removeSchema(anonymous);
  }
  return validate;
}

/** What has no canonical form, such as half a character, is taken for equal to all like it. */
function comparable(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch {
    return 'not comparable';
  }
}

const unique = (problems: readonly string[]): string[] =>
  problems.length <= mostProblems
    ? [...problems]
    : [...problems.slice(0, mostProblems), `the arguments: and ${problems.length - mostProblems} more problems`];

function problem({ instancePath, message = 'is wrong', params, keyword }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll('/', '.') || 'the arguments';
  if (keyword === 'additionalProperties')
    return `${where}: has no field "${(params as { additionalProperty: string }).additionalProperty}"`;
  if (keyword === 'enum')
    return `${where}: must be one of ${(params as { allowedValues: unknown[] }).allowedValues.map((v) => JSON.stringify(v)).join(', ')}`;
  return `${where}: ${message}`;
}
