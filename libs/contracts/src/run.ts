import { z } from 'zod';
import { EpochSeconds, Id, Lease, stored } from './fields.js';
import { Requirement } from './tool-call.js';

export const RunStatus = z.enum(['PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'CANCELLED', 'ERROR']);
export type RunStatus = z.infer<typeof RunStatus>;

export const finishedRunStatuses = ['COMPLETED', 'CANCELLED', 'ERROR'] as const satisfies RunStatus[];

/** An item of the conversation in the shape of OpenAI's Responses API, kept as the model gave it. */
export const ConversationItem = z.looseObject({ type: z.string() });
export type ConversationItem = z.infer<typeof ConversationItem>;

export const Usage = z.object({ input_tokens: z.int().nonnegative(), output_tokens: z.int().nonnegative() });
export type Usage = z.infer<typeof Usage>;

/** A run of an agent, as the runner keeps it. */
export const Run = z.object({
  run_id: Id,
  agent_id: Id,
  session_id: Id,
  user_id: Id.nullable(),
  status: RunStatus,
  input: z.string(),
  content: z.string().nullable().meta({ description: "The agent's answer, once COMPLETED." }),
  error: z.string().nullable().meta({ description: 'Why the run ended in ERROR or was CANCELLED, or why it waits.' }),
  requirements: z.array(Requirement),
  steps: z.int().nonnegative().meta({ description: 'Model calls that were answered.' }),
  failures: z.int().nonnegative().meta({ description: 'Model calls that failed since the last that was answered.' }),
  usage: Usage,
  items: z.array(ConversationItem),
  lease: Lease.nullable(),
  finished_at: EpochSeconds.nullable(),
  ...stored,
});
export type Run = z.infer<typeof Run>;

/** A run as the API shows it: the record without the runner's working state. */
export const RunOutput = Run.omit({ items: true, lease: true, due_at: true, failures: true }).meta({ id: 'Run' });
export type RunOutput = z.infer<typeof RunOutput>;
