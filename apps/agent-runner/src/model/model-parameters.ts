import type { ToolDefinition } from '@countersign/definitions';

type Schema = Record<string, unknown>;

const known = new WeakMap<ToolDefinition, Schema>();

/**
 * The JSON Schema of the arguments that the model gives: all but those that a person fills in. It is the same object
 * for the same tool, so that what is compiled from it can be kept.
 */
export function modelParameters(tool: ToolDefinition): Schema {
  if (tool.requires !== 'user_input') return tool.parameters;
  let schema = known.get(tool);
  if (!schema) known.set(tool, (schema = without(tool.parameters, tool.user_input)));
  return schema;
}

/** @param names none stand for all. */
function without(schema: Schema, names: readonly string[]): Schema {
  const isKept = (name: string): boolean => names.length > 0 && !names.includes(name);
  const { properties, required } = schema as { properties?: Schema; required?: string[] };
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties ?? {}).filter(([name]) => isKept(name))),
    ...(required && { required: required.filter(isKept) }),
  };
}
