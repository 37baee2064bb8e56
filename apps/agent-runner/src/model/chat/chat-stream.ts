import { isRecord } from '../wire/record.js';

interface Call {
  id: string | undefined;
  function: { name: string; arguments: string };
}

/** Puts together what a stream of Chat Completions sends in pieces. */
export class ChatStream {
  #content = '';
  #refusal = '';
  /** In the order in which they began; of each place in the answer the one that is being written. */
  readonly #calls: Call[] = [];
  readonly #open = new Map<number, Call>();
  #finish: unknown;
  #usage: unknown;

  constructor(private readonly onText: (text: string) => void) {}

  add(chunk: unknown): void {
    if (!isRecord(chunk)) return;
    if (isRecord(chunk['usage'])) this.#usage = chunk['usage'];
    const choice: unknown = Array.isArray(chunk['choices']) ? chunk['choices'][0] : undefined;
    if (!isRecord(choice)) return;
    if (choice['finish_reason']) this.#finish = choice['finish_reason'];
    // Some servers send the last piece, or all of it, as a message.
    const delta = isRecord(choice['delta']) ? choice['delta'] : choice['message'];
    if (!isRecord(delta)) return;
    this.#say(delta);
    if (Array.isArray(delta['tool_calls'])) for (const call of delta['tool_calls'] as unknown[]) this.#call(call);
    if (isRecord(delta['function_call'])) this.#call({ index: 0, function: delta['function_call'] });
  }

  /** The whole answer; undefined when the stream ended before it did. */
  get completion(): object | undefined {
    if (this.#finish === undefined) return undefined;
    const message = { content: this.#content || null, refusal: this.#refusal || null, tool_calls: this.#calls };
    return { choices: [{ message, finish_reason: this.#finish }], usage: this.#usage };
  }

  #say({ content, refusal }: Record<string, unknown>): void {
    if (typeof content === 'string' && content !== '') {
      this.#content += content;
      this.onText(content);
    }
    if (typeof refusal === 'string') this.#refusal += refusal;
  }

  /** Some servers give each call the same place, or none, and only its id says that it is another. */
  #call(piece: unknown): void {
    if (!isRecord(piece)) return;
    const { id, index } = piece;
    const made = isRecord(piece['function']) ? piece['function'] : {};
    const place = typeof index === 'number' ? index : Math.max(0, this.#calls.length - 1);
    let call = this.#open.get(place);
    const isAnother = typeof id === 'string' && id !== '' && call?.id !== undefined && call.id !== id;
    if (!call || isAnother) {
      call = { id: undefined, function: { name: '', arguments: '' } };
      this.#calls.push(call);
      this.#open.set(place, call);
    }
    if (typeof id === 'string' && id !== '') call.id = id;
    if (typeof made['name'] === 'string') call.function.name += made['name'];
    const args = made['arguments'];
    if (typeof args === 'string') call.function.arguments += args;
    // Some hand over what they have read already.
    else if (isRecord(args)) call.function.arguments = JSON.stringify(args);
  }
}
