import type { ConversationItem } from '@countersign/contracts/runs';
import type { Agent, ToolDefinition } from '@countersign/definitions';
import type OpenAI from 'openai';
import { modelParameters } from '../model-parameters.js';
import type { Model, ModelRequest, ModelResponse } from '../model.js';
import { clientFor, type ClientOptions } from '../openai.client.js';
import { isAboutForm, modelError, unreadable, type ModelCall } from '../openai.error.js';
import { isJson, readStream } from '../openai.stream.js';
import { acceptable, type Form } from '../wire/conversation.js';
import { wireSchema } from '../wire/schema.js';
import { answerIn } from './chat-answer.js';
import { messagesOf } from './chat-messages.js';
import { ChatStream } from './chat-stream.js';

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;
type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

/** What of a request differs from server to server; where it is refused the next is tried. */
interface ChatForm {
  ids: Form['ids'];
  /** Whether a stream is asked what the answer cost. */
  usage: boolean;
}
const forms: readonly ChatForm[] = [
  { ids: 'theirs', usage: true },
  { ids: 'short', usage: false },
];

/** OpenAI's Chat Completions, or any server that speaks them. */
export class ChatModel implements Model {
  readonly provider = 'openai';
  readonly description: string;
  readonly #client: OpenAI;
  readonly #options: ClientOptions;
  readonly #tools = new WeakMap<Agent, Body['tools']>();
  /** Models whose server takes only the plainer form. */
  readonly #plain = new Set<string>();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#client = clientFor(options);
    this.description = `Chat Completions at ${new URL(this.#client.baseURL).host}`;
  }

  async respond(request: ModelRequest): Promise<ModelResponse> {
    const { model } = request.agent;
    const call: ModelCall = { model, apiKey: this.#options.apiKey };
    const completion = await this.#complete(request).catch((error: unknown) => {
      throw modelError(error, call);
    });
    const answer = answerIn(completion);
    if (!answer) throw unreadable('it is no completion', call);
    return answer;
  }

  async #complete(request: ModelRequest): Promise<unknown> {
    const { agent, conversation, onText, signal } = request;
    if (this.#plain.has(agent.model)) return this.#ask(request, forms[1]!);
    try {
      return await this.#ask(request, forms[0]!);
    } catch (error) {
      const [full, plain] = forms.map(({ ids }) => JSON.stringify(this.#bodyIn(ids, agent, conversation)));
      const isOther = full !== plain || onText !== undefined;
      if (signal.aborted || !isAboutForm(error) || !isOther) throw error;
      const answer = await this.#ask(request, forms[1]!).catch(() => {
        throw error;
      });
      this.#plain.add(agent.model);
      return answer;
    }
  }

  async #ask({ agent, conversation, signal, onText }: ModelRequest, { ids, usage }: ChatForm): Promise<unknown> {
    const body = this.#bodyIn(ids, agent, conversation);
    const { completions } = this.#client.chat;
    if (!onText) return completions.create(body, { signal });
    const streamed = { ...body, stream: true as const, ...(usage && { stream_options: { include_usage: true } }) };
    const { data, response } = await completions.create(streamed, { signal }).withResponse();
    // Some servers do not stream with tools, or not at all.
    if (isJson(response)) return parseWhole(await response.json(), onText);
    return readStream(data, this.#options.timeoutMs, async (chunks: AsyncIterable<Chunk>) => {
      const stream = new ChatStream(onText);
      for await (const chunk of chunks) stream.add(chunk);
      return stream.completion;
    });
  }

  #bodyIn(ids: Form['ids'], agent: Agent, conversation: readonly ConversationItem[]): Body {
    const accepted = acceptable(conversation, { reasoning: false, ids, role: 'system' });
    const tools = this.#toolsOf(agent);
    return {
      model: agent.model,
      messages: messagesOf(agent.instructions, accepted),
      ...(tools && tools.length > 0 && { tools }),
    };
  }

  /** The same for every call of an agent. */
  #toolsOf(agent: Agent): Body['tools'] {
    let tools = this.#tools.get(agent);
    if (!tools) this.#tools.set(agent, (tools = agent.tools.map(functionTool)));
    return tools;
  }
}

const functionTool = (tool: ToolDefinition) => ({
  type: 'function' as const,
  function: { name: tool.name, description: tool.description, parameters: wireSchema(modelParameters(tool)) },
});

function parseWhole(completion: unknown, onText: (text: string) => void): unknown {
  for (const item of answerIn(completion)?.items ?? [])
    for (const part of (item['content'] as { text?: string }[] | undefined) ?? []) if (part.text) onText(part.text);
  return completion;
}
