import type { ConversationItem } from '@countersign/contracts/runs';
import type { Agent, ToolDefinition } from '@countersign/definitions';
import type OpenAI from 'openai';
import { modelParameters } from './model-parameters.js';
import type { Model, ModelRequest, ModelResponse } from './model.js';
import { clientFor, type ClientOptions } from './openai.client.js';
import { failed, isAboutForm, modelError, unreadable, type ModelCall } from './openai.error.js';
import { isJson, responseIn } from './openai.stream.js';
import { Reasoning } from './reasoning.js';
import { acceptable, fullForm, type Form } from './wire/conversation.js';
import { count, isRecord } from './wire/record.js';
import { wireSchema } from './wire/schema.js';

/** OpenAI's Responses API, or any server that speaks it. Nothing is stored there: the run record is the memory. */
export class OpenAIModel implements Model {
  readonly provider = 'openai';
  readonly description: string;
  readonly #client: OpenAI;
  readonly #options: ClientOptions;
  readonly #tools = new WeakMap<Agent, ReturnType<typeof functionTool>[]>();
  readonly #reasoning = new Reasoning();
  /** Models whose server takes only the plainest form. */
  readonly #plain = new Set<string>();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#client = clientFor(options);
    this.description = `OpenAI Responses API at ${new URL(this.#client.baseURL).host}`;
  }

  async respond(request: ModelRequest): Promise<ModelResponse> {
    const call: ModelCall = { model: request.agent.model, apiKey: this.#options.apiKey };
    const response = await this.#complete(request).catch((error: unknown) => {
      throw modelError(error, call);
    });
    if (!isRecord(response)) throw unreadable('it is no response', call);
    if (response.status === 'failed')
      throw failed('the model failed', response.error ?? { message: 'no reason reported' }, call);
    if (!Array.isArray(response.output)) throw unreadable('it is no response', call);
    this.#reasoning.learn(request.agent.model, response);
    return {
      items: response.output.filter(canBeSentBack) as unknown as ConversationItem[],
      usage: { input_tokens: count(response.usage?.input_tokens), output_tokens: count(response.usage?.output_tokens) },
      incomplete: response.status === 'incomplete' ? reasonIn(response.incomplete_details) : null,
    };
  }

  /** Asks in the fullest form that the server is known to take, and once in each plainer one when it refuses that. */
  async #complete(request: ModelRequest): Promise<OpenAI.Responses.Response> {
    const { agent, conversation, signal } = request;
    const refused = new Set<string>();
    let refusal: unknown;
    for (const form of this.#plain.has(agent.model) ? [plainForm] : forms) {
      const body = this.#bodyIn(form, agent, conversation);
      if (refused.has(textOf(body))) continue;
      try {
        const response = await this.#send(body, request);
        if (refused.size > 0) this.#learn(request, form);
        return response;
      } catch (error) {
        if (signal.aborted || !isAboutForm(error)) throw error;
        refused.add(textOf(body));
        refusal ??= error;
      }
    }
    throw refusal;
  }

  #bodyIn(form: Form, agent: Agent, conversation: readonly ConversationItem[]): Body {
    const input = acceptable(conversation, form, (sealed) => this.#reasoning.isRefused(sealed));
    const isSealed = form.role !== 'system' && this.#reasoning.isUsedBy(agent);
    return {
      model: agent.model,
      instructions: agent.instructions,
      input: input as unknown as OpenAI.Responses.ResponseInput,
      tools: this.#toolsOf(agent),
      store: false,
      ...(isSealed && { include: ['reasoning.encrypted_content' as const] }),
    };
  }

  /** What it has refused it is not asked with again. */
  #learn({ agent, conversation }: ModelRequest, form: Form): void {
    this.#reasoning.refused(conversation);
    if (form.role === plainForm.role) this.#plain.add(agent.model);
  }

  async #send(body: Body, { signal, onText }: ModelRequest): Promise<OpenAI.Responses.Response> {
    if (!onText) return this.#client.responses.create(body, { signal });
    const { data, response } = await this.#client.responses
      .create({ ...body, stream: true }, { signal })
      .withResponse();
    // Some servers do not stream with tools, or not at all.
    if (isJson(response)) return wholeAnswer(await response.json(), onText);
    return responseIn(data, this.#options.timeoutMs, onText);
  }

  /** The same for every call of an agent. */
  #toolsOf(agent: Agent) {
    let tools = this.#tools.get(agent);
    if (!tools) this.#tools.set(agent, (tools = agent.tools.map(functionTool)));
    return tools;
  }
}

function reasonIn(details: { reason?: unknown } | null | undefined): string {
  return typeof details?.reason === 'string' ? details.reason : 'no reason reported';
}

type Body = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const plainForm: Form = { reasoning: false, ids: 'short', role: 'system' };
const forms: readonly Form[] = [fullForm, { ...fullForm, reasoning: false, ids: 'short' }, plainForm];

/** What differs between the forms of a request. */
const textOf = ({ input, include }: Body): string => JSON.stringify([input, include]);

const functionTool = (tool: ToolDefinition) => ({
  type: 'function' as const,
  name: tool.name,
  description: tool.description,
  parameters: wireSchema(modelParameters(tool)),
  strict: false,
});

/** Reasoning that was not handed over is unknown to a server that stores nothing, and refused there. */
const canBeSentBack = (item: OpenAI.Responses.ResponseOutputItem | null): boolean =>
  item?.type !== 'reasoning' || typeof item.encrypted_content === 'string';

function wholeAnswer(answer: unknown, onText: (text: string) => void): OpenAI.Responses.Response {
  const response = answer as OpenAI.Responses.Response | null;
  if (response === null || !Array.isArray(response.output)) return (response ?? {}) as OpenAI.Responses.Response;
  for (const item of response.output)
    if (item?.type === 'message' && Array.isArray(item.content))
      for (const part of item.content) if (part?.type === 'output_text') onText(part.text);
  return response;
}
