import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: true, ownProperties: true });
formats.default(ajv);

const compiled = new WeakMap<object, ValidateFunction>();

/** @returns a line for each thing that is wrong with the arguments, none when they fit the JSON Schema. */
export function argumentProblems(schema: Record<string, unknown>, args: unknown): string[] {
  const validate = validatorOf(schema);
  return validate(args) ? [] : (validate.errors ?? []).map(problem);
}

/** @throws when this is no JSON Schema. */
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

function problem({ instancePath, message = 'is wrong', params, keyword }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll('/', '.') || 'the arguments';
  if (keyword === 'additionalProperties')
    return `${where}: has no field "${(params as { additionalProperty: string }).additionalProperty}"`;
  if (keyword === 'enum')
    return `${where}: must be one of ${(params as { allowedValues: unknown[] }).allowedValues.map((v) => JSON.stringify(v)).join(', ')}`;
  return `${where}: ${message}`;
}
