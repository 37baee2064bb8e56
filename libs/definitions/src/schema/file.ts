import { JsonObject } from '@countersign/contracts';
import { Subject } from '@countersign/contracts/auth';
import { PauseType } from '@countersign/contracts/calls';
import { z } from 'zod';
import { agentFields } from './agent.js';
import { Channel } from './channel.js';
import { ExecuteEntry } from '../execute/execute.js';
import { PreviewEntry } from '../execute/preview.js';
import { McpServerEntry } from './mcp-server.js';
import { policyFields } from '../policy/rules.js';
import { ToolReference } from './tool-reference.js';
import { gate, ToolName } from './tool.js';

export const AgentEntry = z.strictObject({
  ...agentFields,
  instructions: agentFields.instructions.optional().meta({
    description: 'The instructions for the model. Required, except for external agents.',
  }),
  external: z.boolean().default(false).meta({
    description: 'It runs elsewhere, with a model of its own, and asks here for the calls of its tools.',
  }),
  callers: z.array(Subject).max(100).optional().meta({
    description: 'Of an external agent: the subjects whose credentials may ask in its name.',
  }),
  model: z.string().min(1).optional().meta({ description: "The model's id at the provider. Unset: MODEL." }),
  tools: z
    .array(ToolReference)
    .default([])
    .meta({ description: 'Names of tools. Of an MCP server: server__tool for one, server/* for all.' }),
});
/** An agent as the file declares it, with defaults filled in. */
export type AgentEntry = z.infer<typeof AgentEntry>;

export const ToolEntry = z.strictObject({
  name: ToolName,
  description: z.string(),
  parameters: JsonObject.meta({ description: 'The JSON Schema of the arguments, of type object.' }),
  approval: gate.approval.default('required'),
  requires: PauseType.optional().meta({
    description:
      'external_execution, the default: the call is made elsewhere, by the executor once it is approved, or without approval by the caller of the run. user_input: the answer is what a person fills in. Only tools with a function can have confirmation.',
  }),
  user_input: gate.user_input.default([]),
  redact: gate.redact.default([]),
  presentation: gate.presentation,
  act_within: gate.act_within,
  max_output: gate.max_output,
  execute: ExecuteEntry.optional().meta({
    description: 'What the executor does. Unset: another executor makes the calls.',
  }),
  preview: PreviewEntry.optional().meta({
    description: 'How the executor finds out what a call would do, for people to see before they decide.',
  }),
});
/** A tool as the file declares it, with defaults filled in. */
export type ToolEntry = z.infer<typeof ToolEntry>;

/** All of `countersign.yaml`. */
export const DefinitionsFile = z.strictObject({
  agents: z.array(AgentEntry).default([]),
  tools: z.array(ToolEntry).default([]).meta({ description: 'Tools whose calls the runner does not make itself.' }),
  tool_modules: z.array(z.string().min(1)).default([]).meta({
    description:
      'TypeScript files whose exports are tools, relative to this file. The runner and the executor load them; the approval service reads what they define, without an environment and without other files than those beside the module, and packages.',
  }),
  mcp_servers: z.array(McpServerEntry).default([]),
  channels: z.array(Channel).prefault([]).meta({ description: 'Where people are notified of approvals.' }),
  ...policyFields,
});
export type DefinitionsFile = z.infer<typeof DefinitionsFile>;
