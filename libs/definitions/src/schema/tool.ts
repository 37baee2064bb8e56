import { Id, JsonObject } from '@countersign/contracts';
import { PauseType, ToolAnnotations } from '@countersign/contracts/calls';
import { Presentation } from '@countersign/contracts/presentation';
import type { Seconds } from '@countersign/contracts/time';
import { z } from 'zod';
import { Duration } from './duration.js';

/** Characters of a tool's output that reach the model, unless the tool says otherwise. */
const defaultMaxOutput = 20_000;

/** How long a decision can be acted on by whoever has no record of the call, unless its tool says otherwise. */
export const defaultActWithin: Seconds = 86_400;

/** The name under which a model calls a tool, by the rules of OpenAI's API. */
export const ToolName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64');

/** As the file has it: a field that does not exist is a mistake. */
const strictPresentation = z.strictObject(Presentation.shape);

/** What has to happen before a call of a tool is made. */
export const gate = {
  approval: z
    .enum(['required', 'audit', 'none'])
    .meta({ description: 'Each call must be approved; each call is recorded; neither.' }),
  requires: PauseType.nullable().meta({
    description:
      'confirmation: the call is made once it is let through. user_input: a person fills in arguments first. external_execution: the executor or the caller of the run makes the call.',
  }),
  user_input: z.array(z.string()).meta({
    description: 'The arguments that a person fills in. The model does not see them. None with user_input: all.',
  }),
  redact: z
    .array(z.string())
    .meta({ description: 'Arguments that lists, logs and events for an audience do not show.' }),
  act_within: Duration.optional().meta({
    description:
      'How long after a decision the call is begun where there is no record of it; 24h when unset. What comes later waits for a person, since it may have been made before.',
  }),
  presentation: strictPresentation.optional().meta({
    description: 'How calls are shown to people, and how risky they are. Whatever it says, all arguments are shown.',
  }),
  max_output: z.int().min(100).max(100_000).default(defaultMaxOutput).meta({
    description: 'Maximum characters of an output passed to the model, with a note of how many were omitted.',
  }),
};

/** A tool as an agent works with it: plain data, so that a run can keep it and two of them can be compared. */
export const ToolDefinition = z.strictObject({
  name: ToolName,
  description: z.string(),
  parameters: JsonObject.meta({ description: 'The JSON Schema of the arguments, all of them.' }),
  ...gate,
  made_by: z.enum(['runner', 'executor', 'person']),
  effect: z.string().optional().meta({ description: 'A digest of what is done for a call, where it is declared.' }),
  annotations: ToolAnnotations.optional(),
});
export type ToolDefinition = z.infer<typeof ToolDefinition>;

export const AgentId = Id.regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores');
