import type { ConversationItem } from '@countersign/contracts/runs';
import type { Millis } from '@countersign/contracts/time';
import type { Agent, ToolDefinition } from '@countersign/definitions';
import OpenAI from 'openai';
import { httpFetch } from './http-fetch.js';
import { modelParameters } from './model-parameters.js';
import type { Model, ModelRequest, ModelResponse } from './model.js';
import { failed, modelError, unreadable, type ModelCall } from './openai.error.js';
import { responseIn } from './openai.stream.js';

export interface OpenAIModelOptions {
  apiKey: string;
  baseURL?: string | undefined;
  /** For one answer; for one that is streamed, from when it begins. */
  timeoutMs: Millis;
}

/** OpenAI's Responses API, or any server that speaks it. Nothing is stored there: the run record is the memory. */
export class OpenAIModel implements Model {
  readonly description: string;
  readonly #client: OpenAI;
  readonly #options: OpenAIModelOptions;
  readonly #tools = new WeakMap<Agent, ReturnType<typeof functionTool>[]>();

  constructor(options: OpenAIModelOptions) {
    const { apiKey, baseURL, timeoutMs } = options;
    this.#options = options;
    // A failure is reported as an error, once; the client would log lines of its own shape besides.
    this.#client = new OpenAI({
      apiKey,
      baseURL,
      timeout: timeoutMs,
      maxRetries: 2,
      logLevel: 'off',
      fetch: httpFetch,
    });
    this.description = `OpenAI Responses API at ${new URL(this.#client.baseURL).host}`;
  }

  async respond(request: ModelRequest): Promise<ModelResponse> {
    const call: ModelCall = { model: request.agent.model, apiKey: this.#options.apiKey };
    const response = await this.#ask(request).catch((error: unknown) => {
      throw modelError(error, call);
    });
    if (response.status === 'failed')
      throw failed('the model failed', response.error ?? { message: 'no reason reported' }, call);
    if (!Array.isArray(response.output)) throw unreadable('it is no response', call);
    return {
      items: response.output.filter(canBeSentBack) as unknown as ConversationItem[],
      usage: { input_tokens: response.usage?.input_tokens ?? 0, output_tokens: response.usage?.output_tokens ?? 0 },
      incomplete:
        response.status === 'incomplete' ? (response.incomplete_details?.reason ?? 'no reason reported') : null,
    };
  }

  async #ask({ agent, conversation, signal, onText }: ModelRequest): Promise<OpenAI.Responses.Response> {
    const body = {
      model: agent.model,
      instructions: agent.instructions,
      input: conversation as unknown as OpenAI.Responses.ResponseInput,
      tools: this.#toolsOf(agent),
      store: false,
      ...(reasons(agent.model) && { include: ['reasoning.encrypted_content' as const] }),
    };
    if (!onText) return this.#client.responses.create(body, { signal });
    const stream = await this.#client.responses.create({ ...body, stream: true }, { signal });
    return responseIn(stream, this.#options.timeoutMs, onText);
  }

  /** The same for every call of an agent. */
  #toolsOf(agent: Agent) {
    let tools = this.#tools.get(agent);
    if (!tools) this.#tools.set(agent, (tools = agent.tools.map(functionTool)));
    return tools;
  }
}

const functionTool = (tool: ToolDefinition) => ({
  type: 'function' as const,
  name: tool.name,
  description: tool.description,
  parameters: modelParameters(tool),
  strict: false,
});

/** Models that think first return their reasoning encrypted on request, so that it can be sent back. */
const reasons = (model: string): boolean => /^(o\d|gpt-[5-9])/.test(model);

/** Reasoning that was not handed over is unknown to a server that stores nothing, and refused there. */
const canBeSentBack = (item: OpenAI.Responses.ResponseOutputItem): boolean =>
  item.type !== 'reasoning' || typeof item.encrypted_content === 'string';
