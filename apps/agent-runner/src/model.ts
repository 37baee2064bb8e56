import type { ConversationItem } from '@countersign/contracts';
import type { Agent } from './agent.js';
import type { ModelResponse } from './run.js';

/** The model did not answer. */
export class ModelError extends Error {
  override name = 'ModelError';

  /** @param retryAfter milliseconds until it may be asked again; `null` when asking again cannot help. */
  constructor(
    message: string,
    readonly retryAfter: number | null,
  ) {
    super(message);
  }
}

/** What answers for an agent. It keeps nothing: the whole conversation goes in, and what is new comes out. */
export interface Model {
  /** For people: which model this is. */
  readonly description: string;
  /** @throws ModelError */
  respond(agent: Agent, conversation: readonly ConversationItem[], signal: AbortSignal): Promise<ModelResponse>;
}
