import type { ConversationItem, RunErrorCode, Usage } from '@countersign/contracts/runs';
import type { Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';

/** Why a model did not answer. */
export type ModelFailure = Extract<RunErrorCode, `model_${string}`>;

/** The model did not answer. */
export class ModelError extends Error {
  override name = 'ModelError';

  /** @param retryAfterMs until the next try; `null`: not retryable. */
  constructor(
    message: string,
    readonly retryAfterMs: Millis | null,
    readonly code: RunErrorCode = retryAfterMs === null ? 'model_request_refused' : 'model_unavailable',
  ) {
    super(message);
  }
}

export interface ModelRequest {
  agent: Agent;
  conversation: readonly ConversationItem[];
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal;
  /** Receives the text piece by piece as the model writes it. Without it the model does not stream. */
  onText?: ((text: string) => void) | undefined;
}

export interface ModelResponse {
  items: readonly ConversationItem[];
  usage: Usage;
  /** Why the answer breaks off, when it does: `max_output_tokens`, `content_filter`. */
  incomplete: string | null;
}

/** What answers for an agent. It keeps nothing: the whole conversation goes in, and what is new comes out. */
export interface Model {
  /** For people: which model this is. */
  readonly description: string;
  /** For traces: whose API answers. */
  readonly provider: string;
  /** @throws ModelError */
  respond(request: ModelRequest): Promise<ModelResponse>;
}
