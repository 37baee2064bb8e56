import { fieldTypes, type UserInputField } from '@countersign/contracts/calls';
import type { ToolDefinition } from './tool.js';

/** The fields that a person fills in before a call of the tool; `null`: there are none to fill in. */
export function userInputFields(
  tool: Pick<ToolDefinition, 'requires' | 'user_input' | 'parameters'>,
): UserInputField[] | null {
  if (tool.requires !== 'user_input') return null;
  const { properties = {}, required = [] } = tool.parameters as {
    properties?: Record<string, { type?: string; description?: string }>;
    required?: string[];
  };
  const names = tool.user_input.length > 0 ? tool.user_input : Object.keys(properties);
  return names.map((name) => ({
    name,
    field_type: fieldTypes[properties[name]?.type ?? 'string'] ?? 'str',
    description: properties[name]?.description ?? null,
    value: null,
    schema: properties[name] ?? {},
    required: required.includes(name),
  }));
}
