import { z } from 'zod';
import { Id, JsonObject } from './fields.js';

export const ApprovalType = z.enum(['required', 'audit']);
export type ApprovalType = z.infer<typeof ApprovalType>;

export const PauseType = z.enum(['confirmation', 'user_input', 'external_execution']);
export type PauseType = z.infer<typeof PauseType>;

/** A tool call as agno spells it. `result` is what the model was answered, `null` until then. */
export const ToolExecution = z.object({
  tool_call_id: Id,
  tool_name: Id,
  tool_args: JsonObject,
  result: z.string().nullable(),
  requires_confirmation: z.boolean(),
  confirmed: z.boolean().nullable(),
  requires_user_input: z.boolean(),
  external_execution_required: z.boolean(),
  approval_type: ApprovalType,
  approval_id: Id,
});
export type ToolExecution = z.infer<typeof ToolExecution>;

/** What a paused run waits for, one per tool call; agno's `RunRequirement`. */
export const Requirement = z.object({
  id: Id,
  confirmation: z.boolean().nullable(),
  confirmation_note: z.string().nullable(),
  external_execution_result: z.string().nullable(),
  user_input_schema: z.array(JsonObject).nullable(),
  tool_execution: ToolExecution,
});
export type Requirement = z.infer<typeof Requirement>;
