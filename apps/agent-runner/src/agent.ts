import type { ApprovalType } from '@countersign/contracts';
import type { z } from 'zod';

/** A tool as the model sees it, and what must happen before a call of it counts. */
export interface Tool {
  name: string;
  description: string;
  /** The shape of the arguments; the model's are checked against it. */
  parameters: z.ZodObject;
  approval: ApprovalType;
  /** The executor makes the call, once it is approved. */
  requires: 'external_execution';
}

export interface Agent {
  id: string;
  name: string;
  /** The model's id at the provider. */
  model: string;
  instructions: string;
  tools: readonly Tool[];
  /** Model calls that one run may take. */
  max_steps: number;
}
