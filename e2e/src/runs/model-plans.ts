import type { ModelAnswer, ModelRequest, ModelServer } from '@countersign/testing/model-server';
import { randomUUID } from 'node:crypto';

type Answer = ModelAnswer | ((request: ModelRequest) => ModelAnswer | Promise<ModelAnswer>);
type Item = ModelRequest['input'][number];

/** Lets many runs share one stand-in for a model: what the user says last decides what it answers. */
export class ModelPlans {
  readonly #answers = new Map<string, readonly Answer[]>();
  readonly #requests = new Map<string, ModelRequest[]>();

  constructor(server: ModelServer) {
    server.respondWith((request) => this.#respond(request));
  }

  /** @returns what a user is to say to be answered so, one answer after another. After the last it says `Done.`. */
  plan(title: string, ...answers: readonly Answer[]): string {
    return this.answer(`${title} (${randomUUID()})`, ...answers);
  }

  /** The same for a text that is said once. */
  answer(text: string, ...answers: readonly Answer[]): string {
    this.#answers.set(text, answers);
    return text;
  }

  /** What it was asked when the user had said this last, oldest first. */
  requests(text: string): readonly ModelRequest[] {
    return this.#requests.get(text) ?? [];
  }

  #respond(request: ModelRequest): ModelAnswer | Promise<ModelAnswer> {
    const text = textOf(request.input.findLast(({ role }) => role === 'user')?.content);
    const requests = [...this.requests(text), request];
    this.#requests.set(text, requests);
    const answer = this.#answers.get(text)?.[requests.length - 1] ?? says('Done.');
    return typeof answer === 'function' ? answer(request) : answer;
  }
}

/** Some frameworks send it in parts. */
const textOf = (content: unknown): string =>
  Array.isArray(content) ? content.map(({ text }: { text?: string }) => text ?? '').join('') : String(content);

export const text = (words: string): Item => ({
  type: 'message',
  id: `msg_${randomUUID()}`,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: words, annotations: [] }],
});

/** @param args text is sent as it is. */
export const call = (name: string, args: object | string): Item => ({
  type: 'function_call',
  id: `fc_${randomUUID()}`,
  call_id: `call_${randomUUID()}`,
  name,
  arguments: typeof args === 'string' ? args : JSON.stringify(args),
  status: 'completed',
});

export const says = (words: string): ModelAnswer => ({ output: [text(words)] });
export const wants = (...calls: Item[]): ModelAnswer => ({ output: calls });

/** What the model is told of the calls in a conversation, in the order of the calls; each has to have one output. */
export function outputsIn(request: ModelRequest | undefined): string[] {
  const items = request?.input ?? [];
  return items
    .filter(({ type }) => type === 'function_call')
    .map(({ call_id }) => {
      const outputs = items.filter((item) => item.type === 'function_call_output' && item['call_id'] === call_id);
      if (outputs.length !== 1) throw new Error(`${String(call_id)} has ${outputs.length} outputs`);
      return outputs[0]!.output!;
    });
}
