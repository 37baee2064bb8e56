import { canonicalJson } from '@countersign/contracts/json';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AgentId, ToolDefinition } from './tool.js';

/** How much a run of an agent may use before it is ended; `null` for no limit. */
const Budget = z.strictObject({
  tokens: z.int().positive().nullable().default(null).meta({ description: 'Of input and output, in all.' }),
  seconds: z.int().positive().nullable().default(null).meta({ description: 'Of work, without the pauses.' }),
});

/** Limits of a session's history in its next run; whichever is reached first. */
export const HistoryBounds = z.strictObject({
  max_items: z.int().nonnegative().default(100),
  max_tokens: z.int().nonnegative().default(20_000).meta({ description: 'Estimated: four characters a token.' }),
});

/** Everything of an agent that has no tools in it. */
export const agentFields = {
  id: AgentId,
  name: z.string().min(1).max(200),
  description: z.string().nullable().default(null),
  instructions: z.string(),
  max_steps: z.int().min(1).max(1_000).default(20).meta({ description: 'Model calls that one run may take.' }),
  budget: Budget.prefault({}),
  deadline_in: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .meta({ description: 'Maximum duration of a run in seconds, waits included.' }),
  history: HistoryBounds.prefault({}),
  max_failures: z.int().positive().optional().meta({
    description:
      'Model calls in a row that may fail before the run ends. Unset: it waits until the model answers again.',
  }),
  reasoning: z.boolean().optional().meta({
    description:
      "Whether the model's reasoning, sealed by the provider, is asked for and handed back with its next step. Unset: guessed from the model's name and from what it answers.",
  }),
};

/** An agent with its tools: plain data. A run keeps the one it started with. */
export const AgentDefinition = z.strictObject({
  ...agentFields,
  external: z.literal(true).optional().meta({ description: 'It runs elsewhere, and asks here for its calls.' }),
  model: z.string().min(1).meta({ description: "The model's id at the provider." }),
  tools: z.array(ToolDefinition),
});
export type AgentDefinition = z.infer<typeof AgentDefinition>;

/** An agent that runs can start with. */
export interface Agent extends AgentDefinition {
  /** The digest of the definition. */
  readonly version: string;
}

export function agentOf(definition: AgentDefinition): Agent {
  const version = createHash('sha256').update(canonicalJson(definition)).digest('hex').slice(0, 32);
  return { ...definition, version };
}
