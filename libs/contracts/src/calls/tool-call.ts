import { z } from 'zod';
import { CallArguments } from './call-arguments.js';
import { Id, JsonObject } from '../fields/fields.js';

export const ApprovalType = z.enum(['required', 'audit']);
export type ApprovalType = z.infer<typeof ApprovalType>;

export const PauseType = z.enum(['confirmation', 'user_input', 'external_execution']);
export type PauseType = z.infer<typeof PauseType>;

/** The requested definition of a tool: opaque, and made of digests of its parts. */
export const ToolVersion = z.string().max(200).meta({ description: 'The definition of the requested tool.' });
export type ToolVersion = z.infer<typeof ToolVersion>;

/** What an MCP server says of a tool of its own; where it says nothing, what its protocol takes that for. */
export const ToolAnnotations = z
  .object({
    server: Id,
    readOnlyHint: z.boolean(),
    destructiveHint: z.boolean(),
    idempotentHint: z.boolean(),
    openWorldHint: z.boolean(),
  })
  .meta({ description: 'What the MCP server of the tool says of it. It is its word, and no more.' });
export type ToolAnnotations = z.infer<typeof ToolAnnotations>;

/** A field of a call's arguments that a person fills in; agno's `UserInputField`. */
export const UserInputField = z.object({
  name: Id,
  field_type: z.enum(['str', 'int', 'float', 'bool', 'list', 'dict']),
  description: z.string().nullable(),
  value: z.unknown().meta({ description: 'What was filled in; `null` until then.' }),
  schema: JsonObject.default({}).meta({ description: 'The JSON Schema that a value must fit.' }),
  required: z.boolean().default(true),
});
export type UserInputField = z.infer<typeof UserInputField>;

/** agno's names for the types of JSON Schema. */
export const fieldTypes: Record<string, UserInputField['field_type']> = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  array: 'list',
  object: 'dict',
};

/** A tool call as agno spells it. `result` is what the model was answered, `null` until then. */
export const ToolExecution = z.object({
  tool_call_id: Id,
  tool_name: Id,
  tool_args: CallArguments,
  result: z.string().nullable(),
  tool_call_error: z.boolean().nullable().default(null).meta({ description: 'Whether the call failed.' }),
  requires_confirmation: z.boolean(),
  confirmed: z.boolean().nullable(),
  confirmation_note: z.string().nullable().default(null),
  requires_user_input: z.boolean(),
  user_input_schema: z.array(UserInputField).nullable().default(null),
  answered: z.boolean().nullable().default(null).meta({ description: 'Whether a person filled in the fields.' }),
  external_execution_required: z.boolean(),
  approval_type: ApprovalType.nullable(),
  approval_id: Id.nullable(),
  redact: z
    .array(z.string())
    .default([])
    .meta({ description: 'Arguments that lists, logs and events for an audience show as `[redacted]`.' }),
});
export type ToolExecution = z.infer<typeof ToolExecution>;

/** What a paused run waits for, one per tool call; agno's `RunRequirement`. */
export const Requirement = z.object({
  id: Id,
  confirmation: z.boolean().nullable(),
  confirmation_note: z.string().nullable(),
  external_execution_result: z.string().nullable(),
  user_input_schema: z.array(UserInputField).nullable(),
  tool_execution: ToolExecution,
});
export type Requirement = z.infer<typeof Requirement>;

/** Which of the three kinds of pause a call is; the most specific wins, as in agno. */
export function pauseTypeOf({ external_execution_required, requires_user_input }: ToolExecution): PauseType {
  if (external_execution_required) return 'external_execution';
  return requires_user_input ? 'user_input' : 'confirmation';
}

export const redacted = '[redacted]';

/** The call without the values of the arguments that its tool declares as not for everybody's eyes. */
export function redactCall(call: ToolExecution): ToolExecution {
  const { redact, tool_args, user_input_schema } = call;
  if (redact.length === 0) return call;
  return {
    ...call,
    tool_args: redactArguments(tool_args, redact),
    user_input_schema: redactFields(user_input_schema, redact),
  };
}

export const redactRequirement = (requirement: Requirement): Requirement => ({
  ...requirement,
  user_input_schema: redactFields(requirement.user_input_schema, requirement.tool_execution.redact),
  tool_execution: redactCall(requirement.tool_execution),
});

const redactFields = (fields: UserInputField[] | null, redact: readonly string[]): UserInputField[] | null =>
  fields?.map((field) =>
    field.value === null || !redact.includes(field.name) ? field : { ...field, value: redacted },
  ) ?? null;

export const redactArguments = (args: Record<string, unknown>, redact: readonly string[]): Record<string, unknown> =>
  redact.length === 0
    ? args
    : Object.fromEntries(Object.entries(args).map(([name, value]) => [name, redact.includes(name) ? redacted : value]));
