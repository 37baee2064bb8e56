import type { ConversationItem } from '@countersign/contracts';
import OpenAI from 'openai';
import { z } from 'zod';
import type { Agent, Tool } from './agent.js';
import { ModelError, type Model } from './model.js';
import type { ModelResponse } from './run.js';

export interface OpenAIModelOptions {
  apiKey: string;
  baseURL?: string | undefined;
  /** For one answer, in milliseconds. */
  timeout: number;
}

const firstRetry = 5_000;

/** OpenAI's Responses API, or any server that speaks it. Nothing is stored there: the run record is the memory. */
export class OpenAIModel implements Model {
  readonly description: string;
  readonly #client: OpenAI;
  readonly #tools = new WeakMap<Agent, ReturnType<typeof functionTool>[]>();

  constructor({ apiKey, baseURL, timeout }: OpenAIModelOptions) {
    this.#client = new OpenAI({ apiKey, baseURL, timeout, maxRetries: 2 });
    this.description = `OpenAI Responses API at ${new URL(this.#client.baseURL).host}`;
  }

  async respond(agent: Agent, conversation: readonly ConversationItem[], signal: AbortSignal): Promise<ModelResponse> {
    const response = await this.#create(agent, conversation, signal);
    if (response.status === 'failed')
      throw new ModelError(`the model failed: ${response.error?.message ?? 'no reason given'}`, firstRetry);
    if (!Array.isArray(response.output)) throw new ModelError('what the model answered is no response', firstRetry);
    return {
      items: response.output.filter(canBeSentBack) as unknown as ConversationItem[],
      usage: { input_tokens: response.usage?.input_tokens ?? 0, output_tokens: response.usage?.output_tokens ?? 0 },
    };
  }

  /** The same for every call of an agent. */
  #toolsOf(agent: Agent) {
    let tools = this.#tools.get(agent);
    if (!tools) this.#tools.set(agent, (tools = agent.tools.map(functionTool)));
    return tools;
  }

  async #create(agent: Agent, conversation: readonly ConversationItem[], signal: AbortSignal) {
    const request = {
      model: agent.model,
      instructions: agent.instructions,
      input: conversation as unknown as OpenAI.Responses.ResponseInput,
      tools: this.#toolsOf(agent),
      store: false,
      ...(reasons(agent.model) && { include: ['reasoning.encrypted_content' as const] }),
    };
    try {
      return await this.#client.responses.create(request, { signal });
    } catch (error) {
      throw modelError(error);
    }
  }
}

const functionTool = ({ name, description, parameters }: Tool) => ({
  type: 'function' as const,
  name,
  description,
  parameters: z.toJSONSchema(parameters),
  strict: false,
});

/** Models that think first hand their reasoning over sealed, when asked to, so that it can be sent back. */
const reasons = (model: string): boolean => /^(o\d|gpt-[5-9])/.test(model);

/** Reasoning that was not handed over is unknown to a server that stores nothing, and refused there. */
const canBeSentBack = (item: OpenAI.Responses.ResponseOutputItem): boolean =>
  item.type !== 'reasoning' || typeof item.encrypted_content === 'string';

function modelError(error: unknown): ModelError {
  if (!(error instanceof OpenAI.APIError))
    return new ModelError(`what the model answered cannot be read: ${String(error)}`, firstRetry);
  const status = error.status as number | undefined;
  const passes = status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
  const seconds = Number((error.headers as Headers | undefined)?.get('retry-after'));
  const retryAfter = seconds > 0 ? seconds * 1000 : firstRetry;
  return new ModelError(`the model could not be asked: ${error.message}`, passes ? retryAfter : null);
}
